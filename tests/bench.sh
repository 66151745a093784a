#!/bin/bash
# What grading one submission costs, beside the plain pipeline that it replaces, in one run on one
# machine: CPU-seconds of user and system, of all processes together.
#
#     tests/bench.sh [BUILD] [REPEAT]
#
# The plain pipeline is what most C autograders do: compile the tests with the submission, run them
# under `valgrind --trace-children=yes`. (Without that option Valgrind sees nothing of the tests.)
set -euo pipefail
cd "$(dirname "$0")/.."
build=${1:-build}
repeat=${2:-5}
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
TIMEFORMAT='%U %S %R'

# CPU-seconds and seconds by the clock of a command, each the mean of some runs.
measure() {
    local runs=$1 label=$2
    shift 2
    for ((i = 0; i < runs; i++)); do
        { time "$@" >"$scratch/out" 2>"$scratch/err" || true; } 2>>"$scratch/$label"
    done
    awk -v label="$label" '{ cpu += $1 + $2; wall += $3 }
        END { printf "  %-44s %6.2f CPU-s %6.2f s by the clock\n", label, cpu / NR, wall / NR }' \
        "$scratch/$label"
}

empty() {
    echo 'int main(void) { return 0; }' >"$scratch/empty.c"
    gcc -o "$scratch/empty" "$scratch/empty.c"
    valgrind -q "$scratch/empty"
}

plain() {
    make -s BUILD="$build" "$build/tests/hidden-direct"
    valgrind -q --trace-children=yes --leak-check=full "$build/tests/hidden-direct" -j1
}

mkdir "$scratch/submission"
cp solution/attention.c "$scratch/submission/"
make -s BUILD="$build" all "$build/tests/hidden-direct"
echo "one submission, the reference solution, against the hidden tests:"
measure "$repeat" "gcc and valgrind on an empty program" empty
measure "$repeat" "grader grade" "$build/grader" grade "$scratch/submission"
measure "$repeat" "grader check (public tests)" "$build/grader" check "$scratch/submission"
measure 1 "valgrind --trace-children=yes" plain
