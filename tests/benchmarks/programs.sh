#!/usr/bin/env bash
# Whole programs with xtape and with libtorch: how long they compile and run, and how large they are.
# run.sh builds what this needs.
set -euo pipefail
cd "$(dirname "$0")/../.."
build=build/release
unset OPENBLAS_CORETYPE OPENBLAS_L2_SIZE # As in run.sh.

seconds() { # COMMAND...: the wall time of a run
  local TIMEFORMAT=%R
  { time "$@" >/dev/null 2>&3; } 3>&2 2>&1
}

best_of() { # FILE: the smallest number in it
  sort -g "$1" | head -n 1
}

# shellcheck disable=SC2086  # Each command is one argument, split into its words where it runs.
in_turns() { # RUNS XTAPE_COMMAND LIBTORCH_COMMAND...: the best wall time of each side
  local times run command
  times=$(mktemp -d)
  for ((run = 0; run < $1; ++run)); do
    seconds $2 >> "$times/xtape"
    for command in "${@:3}"; do seconds $command >> "$times/libtorch"; done
  done
  print_row s "$(best_of "$times/xtape")" "$(best_of "$times/libtorch")"
  rm -r "$times"
}

print_row() { # UNIT XTAPE LIBTORCH
  awk -v unit="$1" -v ours="$2" -v theirs="$3" \
    'BEGIN { printf "  xtape %.2f %s, libtorch %.2f %s, ratio %.2f\n", ours, unit, theirs, unit, theirs / ours }'
}

megabytes() { # PROGRAM LIBRARIES: its size with those of its shared libraries whose names match
  ldd "$1" | awk -v libraries="$2" '$1 ~ libraries { print $3 }' | xargs du -bcL "$1" | awk 'END { print $1 / 1e6 }'
}

echo "Compiling the README's first program (aim: xtape under 3 s):"
awk '/^```cpp$/ { copy = 1; next } /^```$/ { if (copy) exit } copy' README.md > $build/first_program.cpp
compiler=${CXX:-g++}
flags=-fno-new-ttp-matching # Only GCC has it and needs it.
[[ $("$compiler" --version) != *clang* ]] || flags=
torch=$(sed -n 's/^LIBTORCH_INCLUDE_DIR:PATH=//p' $build/CMakeCache.txt)
in_turns 3 "$compiler -std=c++20 -O2 $flags -Iinclude -c $build/first_program.cpp -o $build/first_program.o" \
  "$compiler -std=c++17 -O2 -I$torch/torch/csrc/api/include -c tests/benchmarks/torch_first_program.cpp -o /dev/null"

echo "Its size, stripped, with libxtape.a and libfmt, without OpenBLAS (aim: under 3 MB); with libtorch and libc10:"
"$compiler" $build/first_program.o $build/libxtape.a -lfmt -lopenblas -pthread -Wl,--gc-sections -s -o $build/first_program
strip $build/tests/benchmarks/torch_first_program -o $build/torch_first_program
print_row MB "$(megabytes $build/first_program '^libfmt')" "$(megabytes $build/torch_first_program '^lib(torch|c10)')"

echo "Training on the handwritten digits, 50 epochs, start-up included; libtorch with 1 or 2 threads (aim: ratio 3):"
torch_digits=$build/tests/benchmarks/torch_digits
in_turns 5 $build/samples/digits "$torch_digits --threads 1" "$torch_digits --threads 2"

if python3 -c 'import sklearn' 2> /dev/null; then
  echo "The same fit with scikit-learn, without its start-up, the BLAS with 1 or 2 threads; beside it our whole program:"
  for threads in 1 2; do OPENBLAS_NUM_THREADS=$threads python3 tests/benchmarks/sklearn_digits.py; done
  echo "  xtape: $(seconds $build/samples/digits) s, $($build/samples/digits | tail -n 1)"
fi
