#!/usr/bin/env bash
# Installs what is missing, builds, and trains on the handwritten digits: bash samples/run.sh [--help | OPTIONS]
set -euo pipefail
cd "$(dirname "$0")/.."

bash cmake/install_dependencies.sh
cmake --preset release
cmake --build --preset release --target digits
build/release/samples/digits "$@"
