#!/bin/sh
# bench_class.sh: what a big class costs. N=300 submissions made from the sample class: CPU seconds
# each, how busy the cores are, the grader's memory and descriptors while it runs; then whether a
# sample of the grades is what grading each alone gives. Minutes, so it is run by hand.
set -eu
cd "$(dirname "$0")/../../.."
count=${N:-300}
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
tests/grader/support/make_submissions.sh "$count" "$place/class"

begun=$(date +%s.%N)
build/grader grade "$place/class" --grades "$place/grades" --seed=1 --quiet >"$place/out" 2>&1 &
process=$!
while [ -r /proc/$process/status ]; do
    rss=$(awk '/^VmRSS/ { print $2 }' /proc/$process/status 2>/dev/null || true)
    fds=$(find /proc/$process/fd 2>/dev/null | wc -l || true)
    [ -z "$rss" ] || echo "$rss $fds"
    sleep 2
done >"$place/samples"
wait $process || [ $? -eq 1 ] || { tail -n 20 "$place/out"; exit 1; }
ended=$(date +%s.%N)

python3 - "$count" "$begun" "$ended" "$place" <<'END'
import json, os, sqlite3, sys
count, begun, ended, place = int(sys.argv[1]), float(sys.argv[2]), float(sys.argv[3]), sys.argv[4]
book = sqlite3.connect(place + "/grades/gradebook.db")
rows = book.execute("SELECT result FROM record").fetchall()
cpu = sum(json.loads(row[0])["cpu_usec"] for row in rows) / 1e6
wall = ended - begun
samples = [tuple(map(int, line.split())) for line in open(place + "/samples")]
quarter = max(1, len(samples) // 4)
mean = lambda values: sum(values) / max(1, len(values))
print(f"{len(rows)} of {count} graded in {wall:.0f} s, {cpu / count:.2f} CPU seconds each, "
      f"{100 * cpu / wall / os.cpu_count():.0f} % of {os.cpu_count()} cores")
print(f"memory of the grader {mean([s[0] for s in samples[quarter:2*quarter]])/1024:.1f} MiB in the "
      f"second quarter, {mean([s[0] for s in samples[-quarter:]])/1024:.1f} MiB in the last; "
      f"at most {max(s[1] for s in samples)} descriptors, {samples[-1][1]} at the end")
END

# A sample, each alone with the same seed.
differ=0
for student in $(find "$place/class" -mindepth 1 -maxdepth 1 -name '*-00[0-2]?' | sort); do
    alone=$(build/grader grade "$student" --seed=1 --format=json | jq -c '[.score, [.items[].points]]')
    there=$(jq -c '[.score, [.items[].points]]' "$place/grades/reports/$(basename "$student")/result.json")
    [ "$alone" = "$there" ] || { differ=$((differ + 1)); echo "$student: $there, alone $alone"; }
done
echo "$differ grades differ from grading alone"
[ "$differ" -eq 0 ]
