#!/usr/bin/env bash
# Makes the Debian packages, asks lintian about them, and builds and runs programs against them, unpacked in a folder of
# their own: bash tests/packaging.sh [build folder]. Takes minutes, so it is none of the tests.
set -euo pipefail
cd "$(dirname "$0")/.."
build=${1:-build/package}

step() { printf '\n== %s (%d s)\n' "$1" "$SECONDS"; }

step 'build'
bash cmake/install_dependencies.sh dpkg-dev file lintian pkg-config
cmake --preset package -B "$build"
cmake --build "$build" --parallel "$(getconf _NPROCESSORS_ONLN)"

step 'package'
rm -f "$build"/*.deb
(cd "$build" && cpack -G DEB)
for package in "$build"/*.deb; do
  dpkg-deb --info "$package"
  dpkg-deb --contents "$package" | awk '{ print $1, $6, $7, $8 }' | grep -v '/include/xtape/.*/'
done

step 'lintian'
lintian --fail-on error --info --tag-display-limit 0 "$build"/*.deb

step 'programs'
root=$PWD/$build/root
[[ $build = /* ]] && root=$build/root
rm -rf "$root" && mkdir -p "$root"
for package in "$build"/*.deb; do dpkg-deb --extract "$package" "$root"; done
libdir=$(dirname "$(find "$root" -name libxtape.so)")
work=$root/programs
cmake -S tests/consumer -B "$work" -G Ninja -DMETHOD=find_package -DREADME="$PWD/README.md" -DCMAKE_BUILD_TYPE=Release \
  -DCMAKE_PREFIX_PATH="$root/usr" -DOTHER_HEADERS="$root/none"
cmake --build "$work"
for program in first_program crosses_border without_rtti sanitized; do "$work/$program"; done
readelf --dynamic "$work/first_program" | grep 'NEEDED.*libxtape\.so\.0\.'

flags=$(PKG_CONFIG_PATH=$libdir/pkgconfig pkg-config --cflags --libs xtape)
echo "pkg-config: $flags"
# shellcheck disable=SC2086 # These are many.
c++ -std=c++20 "$work/first_program.cpp" $flags -o "$work/by_pkg_config"
LD_LIBRARY_PATH=$libdir "$work/by_pkg_config"

step 'done'
