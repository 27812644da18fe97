#!/usr/bin/env bash
# Installs what is missing, builds and runs the benchmarks: bash tests/benchmarks/run.sh [GOOGLE BENCHMARK OPTIONS]
set -euo pipefail
cd "$(dirname "$0")/../.."

bash cmake/install_dependencies.sh libbenchmark-dev
cmake --preset release -DXTAPE_BUILD_BENCHMARKS=ON
cmake --build --preset release --target tape_benchmark
build/release/tests/benchmarks/tape_benchmark "$@"

echo
echo "Compiling the README's first program:"
awk '/^```cpp$/ { copy = 1; next } /^```$/ { if (copy) exit } copy' README.md > build/release/first_program.cpp
time "${CXX:-g++}" -std=c++20 -O2 -fno-new-ttp-matching -Iinclude -c build/release/first_program.cpp \
  -o build/release/first_program.o
