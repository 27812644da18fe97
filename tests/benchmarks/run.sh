#!/usr/bin/env bash
# Installs what is missing, builds and runs the benchmarks: bash tests/benchmarks/run.sh [GOOGLE BENCHMARK OPTIONS]
set -euo pipefail
cd "$(dirname "$0")/../.."

bash cmake/install_dependencies.sh libbenchmark-dev
cmake --preset release -DXTAPE_BUILD_BENCHMARKS=ON
cmake --build --preset release --target tape_benchmark growth_benchmark
build/release/tests/benchmarks/tape_benchmark "$@"
build/release/tests/benchmarks/growth_benchmark

echo
echo "Compiling the README's first program:"
awk '/^```cpp$/ { copy = 1; next } /^```$/ { if (copy) exit } copy' README.md > build/release/first_program.cpp
compiler=${CXX:-g++}
flags=(-std=c++20 -O2 -Iinclude)
[[ $("$compiler" --version) == *clang* ]] || flags+=(-fno-new-ttp-matching) # Only GCC has it and needs it.
time "$compiler" "${flags[@]}" -c build/release/first_program.cpp -o build/release/first_program.o

echo
echo "Losses and training steps beside those of libtorch:"
bash cmake/install_dependencies.sh libtorch-dev
cmake --preset release
cmake --build --preset release --target libtorch_benchmark
build/release/tests/benchmarks/libtorch_benchmark build/release/benchmarks.json
