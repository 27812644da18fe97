#!/usr/bin/env bash
# Installs what is missing, builds and runs the benchmarks: bash tests/benchmarks/run.sh [GOOGLE BENCHMARK OPTIONS]
set -euo pipefail
cd "$(dirname "$0")/../.."
unset OPENBLAS_CORETYPE OPENBLAS_L2_SIZE # They would hold the BLAS to kernels of an older processor.

bash cmake/install_dependencies.sh libbenchmark-dev libopenmpi-dev
cmake --preset release -DXTAPE_BUILD_BENCHMARKS=ON
programs=(first_prediction)
if cmake --build --preset release --target help | grep -q first_prediction_with_blas; then programs+=(first_prediction_with_blas); fi
cmake --build --preset release --target tape_benchmark growth_benchmark embedding_benchmark ops_benchmark cores_benchmark \
  mapped_rows_benchmark ranks_benchmark start_benchmark "${programs[@]}"
build/release/tests/benchmarks/tape_benchmark "$@"
build/release/tests/benchmarks/growth_benchmark
echo
build/release/tests/benchmarks/embedding_benchmark
echo
echo "Operations beside copying their arrays:"
build/release/tests/benchmarks/ops_benchmark build/release/ops.json
echo
echo "What a second core gives:"
build/release/tests/benchmarks/cores_benchmark build/release/cores.json
echo
echo "Rows of a mapped file beside rows in memory:"
build/release/tests/benchmarks/mapped_rows_benchmark build/release/mapped_rows.json

echo
echo "From the start of a program to its first prediction, and its size stripped, with shared libraries and with the BLAS in it:"
build/release/tests/benchmarks/start_benchmark build/release/start.json "${programs[@]/#/build/release/tests/benchmarks/}"

echo
echo "Two ranks beside two threads:"
build/release/tests/benchmarks/ranks_benchmark build/release/ranks.json
mpirun --allow-run-as-root --oversubscribe --bind-to none -np 2 \
  build/release/tests/benchmarks/ranks_benchmark build/release/ranks.json

echo
echo "Losses and training steps, then whole programs, beside those of libtorch:"
bash cmake/install_dependencies.sh libtorch-dev libdnnl-dev
cmake --preset release
cmake --build --preset release --target predictor_benchmark convolution_benchmark products_benchmark \
  libtorch_benchmark digits torch_digits torch_first_program
build/release/tests/benchmarks/libtorch_benchmark build/release/benchmarks.json
echo
echo "Convolutions beside matrix products, libtorch and oneDNN:"
build/release/tests/benchmarks/convolution_benchmark build/release/convolutions.json
echo
echo "Matrix products beside those of OpenBLAS, BLIS and oneDNN:"
bash cmake/install_dependencies.sh libblis4-serial || echo "Without libblis4-serial, which this system has not"
libraries=()
for name in libopenblas.so.0 blis-serial/libblis.so.4 libdnnl.so; do
  library=$(find /usr/lib -path "*/$name" -print -quit)
  [ -z "$library" ] || libraries+=(--beside "$library")
done
build/release/tests/benchmarks/products_benchmark --file build/release/products.json "${libraries[@]}"
echo
echo "Single predictions:"
build/release/tests/benchmarks/predictor_benchmark build/release/predictor.json

echo
echo "Training steps beside those of other libraries for small networks:"
for package in libdlib-dev libfann-dev libmlpack-dev libstb-dev python3-sklearn; do
  bash cmake/install_dependencies.sh "$package" || echo "Without $package, which this system has not"
done
cmake --preset release
cmake --build --preset release --target rivals_benchmark
build/release/tests/benchmarks/rivals_benchmark build/release/rivals.json
echo
bash tests/benchmarks/programs.sh
