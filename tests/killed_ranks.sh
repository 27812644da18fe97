#!/usr/bin/env bash
# Kills a rank of a training at random moments and starts it again, on another number of ranks each time, until 50 have been
# killed. The weights must be those of a training that nobody disturbed: bash tests/killed_ranks.sh PROGRAM MPIEXEC OPTIONS... -np
set -euo pipefail
program=$1
mpiexec=("${@:2}")
directory=$(mktemp -d)
trap 'rm -rf "$directory"' EXIT
options=(--epochs 20 --checkpoints "$directory/checkpoints")

undisturbed=$("${mpiexec[@]}" 1 "$program" --epochs 20 | tail -1)
kills=0
while ((kills < 50)); do
  rm -rf "$directory/checkpoints"
  for ((life = 0; kills < 50 && life < 12; ++life)); do
    ranks=$((1 << RANDOM % 3))
    timeout 60 "${mpiexec[@]}" "$ranks" "$program" "${options[@]}" > "$directory/output" 2>&1 &
    job=$!
    sleep "0.$((2 + RANDOM % 8))"
    mapfile -t processes < <(pgrep -f -- "^$program ${options[*]}" || true)
    if ((${#processes[@]} == 0)) || ! kill -KILL "${processes[RANDOM % ${#processes[@]}]}" 2> /dev/null; then
      wait "$job" || true
      continue
    fi
    kills=$((kills + 1))
    began=$SECONDS
    wait "$job" || true
    if ((SECONDS - began > 10)); then
      echo "a job must end within seconds of its rank:" >&2
      cat "$directory/output" >&2
      exit 1
    fi
  done
  weights=$("${mpiexec[@]}" 2 "$program" "${options[@]}" | tail -1)
  if [[ $weights != "$undisturbed" ]]; then
    printf '%s\n' "after $kills kills the weights differ" "undisturbed: $undisturbed" "killed: $weights" >&2
    exit 1
  fi
done
echo "$kills ranks killed: $undisturbed"
