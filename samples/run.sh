#!/usr/bin/env bash
# Installs what is missing, builds the samples, and trains on the handwritten digits, with a report in
# build/digits.html: bash samples/run.sh [--help | OPTIONS]
set -euo pipefail
cd "$(dirname "$0")/.."

bash cmake/install_dependencies.sh
cmake --preset release
cmake --build --preset release --target samples
build/release/samples/digits --report build/digits.html "$@"
