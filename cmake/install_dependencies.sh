#!/usr/bin/env bash
# Installs what xtape is built and tested with, as far as it is missing: bash install_dependencies.sh [MORE PACKAGES]
set -euo pipefail

packages=(g++ cmake ninja-build
  libxtensor-dev libxtensor-blas-dev libxsimd-dev libfmt-dev libopenblas-dev # the library
  libfast-float-dev nlohmann-json3-dev zlib1g-dev libzip-dev                 # its files
  libcli11-dev                                                               # the samples and tests
  catch2                                                                     # the tests
  "$@")

if ! command -v apt-get >/dev/null; then
  echo "install_dependencies: this is no Debian or Ubuntu. With your package manager, install a C++20 compiler," >&2
  echo "CMake 3.25, Ninja, xtensor 0.24, xtensor-blas 0.20, xsimd 8.1, fmt 9, OpenBLAS, fast_float 3.4, nlohmann_json 3.11," >&2
  echo "zlib, libzip 1.7, CLI11 and Catch2 (2.13 or 3)." >&2
  exit 0 # They may be there: CMake says what is not.
fi

missing=()
for package in "${packages[@]}"; do
  dpkg-query --show --showformat='${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing+=("$package")
done
[ ${#missing[@]} -eq 0 ] && exit 0

as_root=()
if [ "$(id -u)" -ne 0 ]; then
  if ! command -v sudo >/dev/null; then
    echo "install_dependencies: run this as root: apt-get install ${missing[*]}" >&2
    exit 1
  fi
  as_root=(sudo)
fi
echo "Installing ${missing[*]}"
"${as_root[@]}" apt-get update -q
"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends "${missing[@]}"
