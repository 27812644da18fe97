#!/usr/bin/env bash
# Both commands of the README in systems made from nothing: bash tests/systems.sh NAME..., as root on Debian or Ubuntu.
# NAME is a release of Debian (bookworm, trixie, sid), alone or with behind it -clang, -libcxx (clang with its own standard
# library) or -core (the library and the programs that test its numbers), or arm64: trixie compiles for ARM64 and an
# emulator runs it. Prints a line for each; its log is build/systems/NAME.log.
set -euo pipefail
cd "$(dirname "$0")/.."
[ $# -gt 0 ] || { sed -n '2,5s/^# //p' "$0" >&2; exit 2; }

bash cmake/install_dependencies.sh mmdebstrap
mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' | grep -m 1 '/debian/*$')
logs=$PWD/build/systems
mkdir -p "$logs"

make_root() { # SYSTEM ROOT: nothing but the release itself and this source tree
  local suite=${1%%-*} options=()
  [ "$suite" != arm64 ] || { suite=trixie; options+=(--architectures=amd64,arm64); }
  # What is in unstable may be signed for a shorter time than a mirror stays as it is.
  [ "$suite" != sid ] || options+=(--aptopt='Acquire::Check-Valid-Until "false"')
  mmdebstrap --variant=minbase "${options[@]}" "$suite" "$2" "$mirror"
  mkdir "$2/xtape"
  git ls-files --cached --others --exclude-standard -z | tar --create --null --files-from=- | tar -C "$2/xtape" --extract
}

# Runs standard input as a script in a root. Its mounts are those of a name space that ends with it.
in_root() { # ROOT
  unshare --mount --pid --fork bash -c "
    mount -t proc proc '$1/proc' && mount --rbind /dev '$1/dev' && exec chroot '$1' env --ignore-environment \
      HOME=/root PATH=/usr/sbin:/usr/bin:/sbin:/bin DEBIAN_FRONTEND=noninteractive ${CI:+CI=$CI} bash -euo pipefail -s"
}

versions() { # what a root has, in a line
  cat << 'SCRIPT'
packages='g++ clang libc++-dev libxtensor-dev libxsimd-dev libfmt-dev libfast-float-dev catch2 libcatch2-dev libopenblas0 cmake'
dpkg-query --show --showformat='${db:Status-Status} ${Package} ${Version}\n' $packages 2> /dev/null |
  sed -n 's/^installed \(lib\)\?\([a-z+0-9-]*[a-z+]\)[-0]* \([0-9]*:\)\?\([0-9.]*[0-9]\).*/\2 \4,/p' | sed 's/-dev / /' | sort -u | tr '\n' ' '
SCRIPT
}

both_commands() { # SYSTEM
  echo 'cd /xtape'
  case $1 in
    *-clang) cat << 'SCRIPT' ;;
apt-get update -q && apt-get install -q -y --no-install-recommends clang
export CXX=clang++
SCRIPT
    *-libcxx) cat << 'SCRIPT' ;;
apt-get update -q && apt-get install -q -y --no-install-recommends clang libc++-dev libc++abi-dev cmake ninja-build dpkg-dev
export CXX=clang++ CXXFLAGS=-stdlib=libc++
# The package of Catch2 is compiled for the other standard library.
sed 's/^deb /deb-src /' /etc/apt/sources.list > /etc/apt/sources.list.d/source.list
apt-get update -q
(cd /tmp && apt-get source -q catch2 && cmake -S catch2-*/ -B catch2 -G Ninja -DCMAKE_BUILD_TYPE=Release \
  -DCATCH_BUILD_TESTING=OFF -DBUILD_TESTING=OFF && cmake --build catch2 && cmake --install catch2)
SCRIPT
  esac
  echo 'export CXXFLAGS="${CXXFLAGS:-} -Werror"'
  if [[ $1 == *-core ]]; then cat << 'SCRIPT'; else echo 'bash samples/run.sh --epochs 2; bash tests/run.sh --build-config Long'; fi
export CXXFLAGS="$CXXFLAGS -march=x86-64-v3" # one kind of kernels, of what most processors have
bash cmake/install_dependencies.sh
cmake --preset release -DXTAPE_MORE_ABLE_PROCESSORS=OFF
cmake --build --preset release --target accuracy_cases exhaustive_float reference_cases
ctest --preset release --parallel "$(getconf _NPROCESSORS_ONLN)" \
  --tests-regex '^(.*accuracy_cases|simd_unknown|exhaustive_float|reference_cases.*)$'
SCRIPT
}

cross_compiled() {
  cat << 'SCRIPT'
cd /xtape
apt-get update -q
apt-get install -q -y --no-install-recommends g++ cmake ninja-build g++-aarch64-linux-gnu qemu-user libxtensor-dev \
  libxtensor-blas-dev libxsimd-dev nlohmann-json3-dev libfast-float-dev libcli11-dev libfmt-dev:arm64 libopenblas-dev:arm64 \
  zlib1g-dev:arm64 libzip-dev:arm64 libcatch2-dev:arm64
cmake --preset release --toolchain tests/aarch64.cmake -DCMAKE_COMPILE_WARNING_AS_ERROR=ON
cmake --build --preset release
qemu-aarch64 build/release/tests/accuracy_cases tests/reference/accuracy.jsonl
qemu-aarch64 build/release/tests/exhaustive_float --stride 997 # a thousandth of all floats
ctest --preset release --build-config Long --parallel "$(getconf _NPROCESSORS_ONLN)" --timeout 14400
SCRIPT
}

try() { # SYSTEM ROOT
  make_root "$1" "$2"
  if [ "$1" = arm64 ]; then cross_compiled; else both_commands "$1"; fi | in_root "$2"
}

failed=0
root=
trap 'rm -rf "$root"' EXIT
for system in "$@"; do
  root=$(mktemp -d)
  SECONDS=0
  if ! (try "$system" "$root") > "$logs/$system.log" 2>&1; then failed=1; fi
  tests=$(sed -n 's/.*% tests passed, \([0-9]*\) tests failed out of \([0-9]*\)/\1 of \2 tests failed/p' "$logs/$system.log" | tail -n 1)
  case $tests in
    '') tests="stopped, see $logs/$system.log" failed=1 ;;
    '0 of '*) tests="all ${tests#0 of }" tests=${tests/failed/passed} ;;
  esac
  echo "$system: $(versions | in_root "$root" 2>> "$logs/$system.log")$tests in $SECONDS s"
  rm -rf "$root"
done
exit $failed
