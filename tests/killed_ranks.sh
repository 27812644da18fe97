#!/usr/bin/env bash
# Kills a rank of a training at random moments and starts it again, on another number of ranks each time, until so many have
# been killed. The weights must be those of a training that nobody disturbed:
# bash tests/killed_ranks.sh KILLS PROGRAM MPIEXEC OPTIONS... -np
set -euo pipefail
wanted=$1 program=$2
mpiexec=("${@:3}")
directory=$(mktemp -d)
trap 'rm -rf "$directory"' EXIT
options=(--epochs 20 --checkpoints "$directory/checkpoints")

undisturbed=$("${mpiexec[@]}" 1 "$program" --epochs 20 | tail -1)
kills=0
while ((kills < wanted)); do
  rm -rf "$directory/checkpoints"
  for ((life = 0; kills < wanted && life < 12; ++life)); do
    ranks=$((1 << RANDOM % 3))
    timeout --kill-after=5 60 "${mpiexec[@]}" "$ranks" "$program" "${options[@]}" > "$directory/output" 2>&1 &
    job=$!
    # However long a rank takes to start, it is there when it is to be killed.
    until mapfile -t processes < <(pgrep -f -- "^$program ${options[*]}") && ((${#processes[@]} == ranks)); do
      kill -0 "$job" 2> /dev/null || break
      sleep 0.02
    done
    sleep "0.$((RANDOM % 9))"
    if ((${#processes[@]} == 0)) || ! kill -KILL "${processes[RANDOM % ${#processes[@]}]}" 2> /dev/null; then
      wait "$job" || true # it had ended
      continue
    fi
    kills=$((kills + 1))
    began=$SECONDS
    while pgrep -f -- "^$program ${options[*]}" > /dev/null; do
      if ((SECONDS - began > 10)); then
        echo "all ranks must end within seconds of one:" >&2
        cat "$directory/output" >&2
        exit 1
      fi
      sleep 0.02
    done
    # Now and then mpiexec of Open MPI 4.1 waits for itself, without end, when all ranks are gone.
    for ((moment = 0; moment < 250; ++moment)); do
      kill -0 "$job" 2> /dev/null || break
      sleep 0.02
    done
    pkill -KILL -P "$job" || true
    wait "$job" || true
  done
  weights=$(timeout --kill-after=5 120 "${mpiexec[@]}" 2 "$program" "${options[@]}" | tail -1)
  if [[ $weights != "$undisturbed" ]]; then
    printf '%s\n' "after $kills kills the weights differ" "undisturbed: $undisturbed" "killed: $weights" >&2
    exit 1
  fi
  echo "$kills ranks killed after $SECONDS s: the weights are the same"
done
echo "$kills ranks killed: $undisturbed"
