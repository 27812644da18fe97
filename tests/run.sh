#!/usr/bin/env bash
# Installs what is missing, builds everything, and runs the tests: bash tests/run.sh [CTEST OPTIONS]
# One that takes long is left out without --build-config Long.
set -euo pipefail
cd "$(dirname "$0")/.."

bash cmake/install_dependencies.sh
cmake --preset release
cmake --build --preset release
ctest --preset release --parallel "$(getconf _NPROCESSORS_ONLN)" "$@"
