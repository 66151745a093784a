#!/bin/sh
# make_submissions.sh N FOLDER: a class of N submissions, made from the sample class over and over.
# Without the one that needs seconds of CPU time, unless SLOW=1; with ONLY=NAME of one sample alone.
set -eu
count=$1 folder=$2
samples=$(cd "$(dirname "$0")/../../submissions" && pwd)
mkdir -p "$folder"
n=0
while [ "$n" -lt "$count" ]; do
    for sample in "$samples/"${ONLY:-*}/; do
        name=$(basename "$sample")
        [ "$name" != priya-endless-loop ] || [ "${SLOW:-0}" = 1 ] || continue
        [ "$n" -lt "$count" ] || break
        n=$((n + 1))
        student=$folder/$(printf '%s-%04d' "$name" "$n")
        mkdir -p "$student"
        cp "$sample/attention.c" "$student/"
    done
done
