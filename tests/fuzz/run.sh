#!/usr/bin/env bash
# Feeds the readers, the tape and predictors with inputs that libFuzzer makes: bash tests/fuzz/run.sh SECONDS [TARGET...]
#
# The targets, by default all files of tests/fuzz/targets, share the seconds; each runs on all cores. What they have
# learned stays in build/fuzz/corpus, and each run goes on from there; an input that makes a target fail stays in
# build/fuzz/findings, and is tried first from then on. Exits 1 if there is one. Without Protocol Buffers onnx is no target.
set -euo pipefail
cd "$(dirname "$0")/../.."

if [ $# -eq 0 ]; then
  echo 'tests/fuzz/run.sh: say for how many seconds: bash tests/fuzz/run.sh SECONDS [TARGET...]' >&2
  exit 2
fi
seconds=$1
shift
targets=("$@")
[ ${#targets[@]} -gt 0 ] || targets=($(basename -s .cpp tests/fuzz/targets/*.cpp))
seeds=(seeds onnx_seeds)
if ! command -v protoc >/dev/null; then
  seeds=(seeds)
  targets=($(printf '%s\n' "${targets[@]}" | grep --invert-match '^onnx$'))
  echo 'tests/fuzz/run.sh leaves out onnx, which needs libprotobuf-dev and protobuf-compiler' >&2
fi
cores=$(getconf _NPROCESSORS_ONLN)
share=$(((seconds + ${#targets[@]} - 1) / ${#targets[@]}))

bash cmake/install_dependencies.sh clang libclang-rt-dev
cmake --preset sanitize >/dev/null
cmake --build --preset sanitize --target "${seeds[@]/#/fuzz_}" "${targets[@]/#/fuzz_}"
program=build/sanitize/tests/fuzz/fuzz_
build=build/fuzz
mkdir -p $build/logs

# Files that the library writes are in memory.
TMPDIR=$(mktemp --directory --tmpdir=/dev/shm xtape_fuzz.XXXXXX)
export TMPDIR
trap 'rm -rf "$TMPDIR"' EXIT
# An error is not less found with short stacks of where memory came from.
export ASAN_OPTIONS=malloc_context_size=1:quarantine_size_mb=1:thread_local_quarantine_size_kb=64 OPENBLAS_NUM_THREADS=1
for name in "${seeds[@]}"; do "$program$name" $build/corpus; done

# Which input is tried next is drawn by their age alone, and what an input has done of the tape without counting how often:
# to choose better takes longer than to try more. New functions go without their names, for which a symbolizer would read the
# debug information of the whole program: for longer than a target takes to try its seeds.
flags=(-entropic=0 -print_funcs=0 -timeout=10 -rss_limit_mb=1024 -malloc_limit_mb=16 -print_final_stats=1)
flags_of_tape=(-use_counters=0)

# Small inputs, as there are more of them in a second. What takes memory out of proportion to them is a finding.
longest() {
  case $1 in
    checkpoint | npz | safetensors) echo 1024 ;;
    model) echo 2048 ;;
    onnx) echo 4608 ;;
    npy) echo 256 ;;
    *) echo 128 ;;
  esac
}

fuzz() { # target, process
  local log=$build/logs/$1-$2.log more=()
  [ "$1" != tape ] || more=("${flags_of_tape[@]}")
  "$program$1" "$build/corpus/$1" "$build/findings/$1" -artifact_prefix="$build/findings/$1/" -max_total_time="$share" \
    -max_len="$(longest "$1")" "${flags[@]}" "${more[@]}" >"$log" 2>&1 ||
    { sed -n 's/.*Test unit written to //p' "$log" | grep . || echo "$log"; } >>"$TMPDIR/findings"
}

touch "$TMPDIR/findings"
total=0
for target in "${targets[@]}"; do
  mkdir -p "$build/corpus/$target" "$build/findings/$target"
  rm -f "$build/logs/$target"-*.log
  for ((process = 0; process < cores; ++process)); do fuzz "$target" "$process" & done
  wait
  inputs=$(awk '/^stat::number_of_executed_units:/ { sum += $2 } END { print sum + 0 }' "$build/logs/$target"-*.log)
  echo "$target: $inputs inputs, $((inputs / share / cores)) a second on each of $cores cores," \
    "$(find "$build/corpus/$target" -type f | wc -l) kept"
  total=$((total + inputs))
done

findings=$(sort --unique "$TMPDIR/findings")
[ -z "$findings" ] || echo "$findings"
echo "$total inputs, $(grep -c . <<<"$findings" || true) findings"
[ -z "$findings" ]
