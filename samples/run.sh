#!/usr/bin/env bash
# Installs what is missing, trains on the handwritten digits, with a report in build/digits.html, and builds the other
# samples: bash samples/run.sh [--help | OPTIONS]
set -euo pipefail
cd "$(dirname "$0")/.."

bash cmake/install_dependencies.sh
cmake --preset release
cmake --build --preset release --target digits
build/release/samples/digits --report build/digits.html "$@"

echo "Building the other samples, in build/release/samples:"
cmake --build --preset release --target samples
