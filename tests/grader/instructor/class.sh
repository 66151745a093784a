#!/bin/sh
# class.sh: `grader grade` on whole classes, end to end. KILLS=2 is how often one is killed, GRADER
# the program to test.
# shellcheck disable=SC2015 # `a && b || c` with b that cannot fail
set -eu
cd "$(dirname "$0")/../../.."
grader=${GRADER:-$PWD/build/grader}
samples=$PWD/tests/submissions
place=$(mktemp -d)
mounted=
trap 'if [ -n "$mounted" ]; then umount "$mounted"; fi; rm -rf "$place"' EXIT
cd "$place"

fail() {
    echo "class.sh: $*" >&2
    [ ! -s out ] || sed 's/^/    /' out >&2
    exit 1
}

# What `grader grade` returns: 1 is that points were lost.
grade() {
    status=0
    "$grader" grade "$@" >out 2>&1 || status=$?
}

sql() {
    python3 -c 'import sqlite3, sys
with sqlite3.connect(sys.argv[1]) as book:
    for row in book.execute(sys.argv[2]):
        print("|".join(str(cell) for cell in row))' "$1" "$2"
}

hand_in() {
    mkdir -p "$1"
    cp "$samples/$2/attention.c" "$1/"
}

grades() {
    sql "$1" "SELECT student, status, final FROM grade ORDER BY student"
}

# ---- a class: graded once, then only what has changed --------------------------------------------

for student in ann bob cem; do
    hand_in "class/$student" rosa-does-not-compile
done
hand_in class/dia kofi-leak
hand_in class/eva dora-untouched
mkdir class/fay

grade class --grades one
[ $status -eq 1 ] || fail "a class that lost points ends with $status"
grep -q '6 graded, 0 unchanged' out || fail "not everything was graded"
[ "$(grades one/gradebook.db | tr '\n' ' ')" = "ann|not_compiled|0.0 bob|not_compiled|0.0 \
cem|not_compiled|0.0 dia|graded|25.0 eva|graded|0.0 fay|missing|0.0 " ] || fail "wrong grades"
[ -s one/reports/dia/report.txt ] && jq -e '.score == 25' one/reports/dia/result.json >/dev/null ||
    fail "no reports"

cp -r one two
hand_in class/ann kofi-leak
"$grader" adjust --grades=one ann --points=-1.5 --reason='late by mail' --author=me >out
grade class --grades one
grep -q '1 graded, 5 unchanged' out || fail "the one that changed was not graded alone"
grep -q 'ann: 0 -> 23.5' out || fail "a grade moved and nothing was said"
[ "$(sql one/gradebook.db 'SELECT count(*) FROM record')" = 7 ] || fail "history was lost"
"$grader" show --grades=one ann >out
grep -q 'regraded: 0 -> 25' out && grep -q 'late by mail (me)' out || fail "show tells no history"

# ---- one submission prints its result, and leaves nothing behind ---------------------------------

"$grader" grade class/bob --format=json >single.json || true
jq -e '.submission == "bob" and .status == "not_compiled" and .max_score == 30' single.json >/dev/null ||
    fail "one submission is not its result.json"
[ ! -e grades ] || fail "grading one submission made a folder"

# ---- killed at any moment, nothing is lost or doubled --------------------------------------------

# Sockets of Criterion whose process is gone.
orphans() {
    for socket in /tmp/criterion_*.sock; do
        process=${socket#/tmp/criterion_}
        [ ! -S "$socket" ] || [ -d "/proc/${process%.sock}" ] || echo "$socket"
    done
}

orphans >orphans.before
kills=${KILLS:-2}
told=0
mkfifo lines
while [ "$kills" -gt 0 ]; do
    kills=$((kills - 1))
    lines=$(($(od -An -N1 -tu1 /dev/urandom) % 5))
    setsid "$grader" grade class --grades killed --again >/dev/null 2>lines &
    process=$!
    exec 3<lines
    head -n "$lines" <&3 >/dev/null
    # The grader alone, or all that it has started.
    kill -9 -- "$([ $((kills % 2)) -eq 0 ] || echo -)$process" 2>/dev/null || true
    wait $process 2>/dev/null || true
    exec 3<&-
    told=$((told + lines))
done
[ ! -e killed/gradebook.db ] || [ "$(sql killed/gradebook.db 'SELECT count(*) FROM sqlite_schema')" = 0 ] ||
    [ "$(sql killed/gradebook.db 'SELECT count(*) FROM record')" -ge "$told" ] ||
    fail "the gradebook lacks one of the $told gradings that were told before the kills"
grade class --grades killed
orphans >orphans.after
[ -z "$(comm -13 orphans.before orphans.after)" ] || fail "a killed batch leaves sockets in /tmp"
grades killed/gradebook.db >killed.txt
grades one/gradebook.db | sed 's/^ann.*/ann|graded|25.0/' >whole.txt
cmp -s killed.txt whole.txt || fail "a killed batch ends with other grades"
[ "$(sql killed/gradebook.db 'PRAGMA integrity_check')" = ok ] || fail "a kill damaged the gradebook"
[ "$(sql killed/gradebook.db 'SELECT count(*) FROM (SELECT 1 FROM record GROUP BY student, key
    HAVING count(*) > 1)')" = 0 ] || fail "a record is there twice"

# ---- stopped by Ctrl-C at a terminal -------------------------------------------------------------

cat >stop.py <<'END'
import os, pty, sys
pid, terminal = pty.fork()
if pid == 0:
    os.environ["TERM"] = "xterm"
    os.execv(sys.argv[1], ["grader", "grade", "class", "--grades", "stopped", "-j1"])
shown = b""
while True:
    try:
        some = os.read(terminal, 65536)
    except OSError:
        break
    if b"\r1/6" not in shown and b"\r1/6" in shown + some:
        os.write(terminal, b"\x03")
    shown += some
sys.stdout.buffer.write(shown)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
END
status=0
python3 stop.py "$grader" >out || status=$?
[ $status -eq 3 ] || fail "a batch that was stopped ends with $status"
grep -q ' s left' out && grep -q 'run it again to go on' out || fail "no word of stopping"
stopped=$(sql stopped/gradebook.db 'SELECT count(*) FROM record')
[ "$stopped" -ge 1 ] && [ "$stopped" -lt 6 ] || fail "$stopped were graded before it stopped"
grade class --grades stopped
grades stopped/gradebook.db | cmp -s - whole.txt || fail "a stopped batch ends with other grades"
[ "$(sql stopped/gradebook.db 'SELECT count(*) FROM record')" = 6 ] || fail "stopping doubled records"

# ---- what spoils the memory check is told from a machine on which there is none ------------------

mkdir spoils
cp -r "$samples/../hostile/watched-kill" "$samples/ada-helpers" spoils/
grade spoils --grades spoilt
[ "$(sql spoilt/gradebook.db 'SELECT group_concat(status) FROM record')" = graded,graded ] ||
    fail "a submission that spoils the memory check is not graded"

# ---- two batches at once -------------------------------------------------------------------------

"$grader" grade class --grades both >first 2>&1 &
process=$!
grade class --grades both
wait $process || [ $? -eq 1 ] || fail "the other of two batches failed: $(cat first)"
grades both/gradebook.db >both.txt
cmp -s both.txt whole.txt || fail "two batches at once end with other grades"
[ "$(sql both/gradebook.db 'SELECT count(*) FROM record')" = 6 ] || fail "two batches doubled records"

# ---- shards, merged ------------------------------------------------------------------------------

for shard in 1 2 3; do
    grade class --grades "shard$shard" --shard "$shard/3" --quiet
done
"$grader" merge --grades=merged shard?/gradebook.db >out
"$grader" merge --grades=merged shard?/gradebook.db >>out
grades merged/gradebook.db >merged.txt
cmp -s merged.txt whole.txt || fail "merged shards are other grades"
[ "$(sql merged/gradebook.db 'SELECT count(*) FROM record')" = 6 ] || fail "merging doubled records"

# ---- gradebooks that cannot be used: one line each -----------------------------------------------

expect_fault() {
    grade class --grades "$1" --quiet
    [ $status -eq 3 ] || fail "$2: ended with $status"
    grep -q "$3" out || fail "$2: not a word of it"
    [ "$(grep -c '^grader: ' out)" = 1 ] || fail "$2: more than one line"
}

mkdir broken text newer
head -c 20000 one/gradebook.db >broken/gradebook.db
expect_fault broken "a gradebook that was cut" 'is damaged'
echo 'no database' >text/gradebook.db
expect_fault text "a text file" 'is damaged'
mkdir record
cp one/gradebook.db record/
sql record/gradebook.db "UPDATE record SET result = 'x' WHERE student = 'dia'"
status=0
"$grader" export csv --grades=record >out 2>&1 || status=$?
[ $status -eq 3 ] && grep -q "is damaged, in a record of 'dia'" out || fail "a damaged record is not named"
mkdir -p instead/gradebook.db
expect_fault instead 'a folder in its place' 'Is a directory'
cp one/gradebook.db newer/
sql newer/gradebook.db 'PRAGMA user_version = 1000'
expect_fault newer "a gradebook of the future" 'newer kit'

if [ "$(id -u)" -eq 0 ] && mkdir full && mount -t tmpfs -o size=2m tmpfs full 2>/dev/null; then
    mounted=$place/full
    cp two/gradebook.db full/
    dd if=/dev/zero of=full/filler bs=1k 2>/dev/null || true
    expect_fault full "a full disk" 'space left'
    rm full/filler
    [ "$(sql full/gradebook.db 'PRAGMA integrity_check')" = ok ] || fail "a full disk lost something"
    grades full/gradebook.db >full.txt
    grades two/gradebook.db | cmp -s - full.txt || fail "a full disk changed grades"
    mount -o remount,ro full
    expect_fault full "a read-only gradebook" 'read-only'
    "$grader" show --grades=full dia >out || fail "a read-only gradebook is not shown"
else
    echo "class.sh: no tmpfs can be mounted here: full and read-only disks are not tried"
fi

# ---- names that are not nice, through every export -----------------------------------------------

nasty=nasty/'=cmd|calc, "quoted"_11_assignsubmission_file_'
hand_in "$nasty" rosa-does-not-compile
hand_in "nasty/$(printf 'two\nlines_12_assignsubmission_file_')" rosa-does-not-compile
hand_in 'nasty/مريم 😀_13_assignsubmission_file_' kofi-leak
hand_in "nasty/$(printf 'bell\a\033[31m \377')" dora-untouched
hand_in 'nasty/@SUM(1)' rosa-does-not-compile
hand_in 'nasty/-1+2' rosa-does-not-compile
grade nasty --grades nasty.out
for format in text json csv canvas moodle moodle-worksheet nbgrader; do
    "$grader" export "$format" --grades=nasty.out --output="nasty.$format"
done
for format in gradescope junit markdown; do
    "$grader" export "$format" --grades=nasty.out >/dev/null
done
ln -s linked.csv latest.csv
"$grader" export csv --grades=nasty.out --output=latest.csv
[ -L latest.csv ] && cmp -s linked.csv nasty.csv || fail "export replaces a link (and so would /dev/null)"
jq -e '[.students[].name] | sort == ["-1+2", "=cmd|calc, \"quoted\"", "@SUM(1)",
    "bell\u0007\u001b[31m \\xff", "two\nlines", "مريم 😀"]' nasty.json >/dev/null ||
    fail "JSON changes names"
! grep -q "$(printf '[\a\033]')" out nasty.text nasty.csv nasty.canvas nasty.moodle nasty.nbgrader ||
    fail "control characters of a name reach a terminal"
python3 - <<'END' || fail "a CSV is not read back"
import csv
for name, column, rows in [("csv", "name", 6), ("canvas", "Student", 7), ("moodle", "fullname", 6),
                           ("moodle-worksheet", "Full name", 6), ("nbgrader", "student_id", 6)]:
    table = list(csv.DictReader(open("nasty." + name, newline="", encoding="utf-8"), strict=True))
    assert len(table) == rows, (name, len(table))
    assert all(None not in row and None not in row.values() for row in table), name
    cells = [cell for row in table for cell in row.values()]
    assert not any(cell[:1] in tuple("=+-@\t\r") and cell[:1] for cell in cells), name
    names = [row[column].removeprefix("'") for row in table]
    for wanted in ['=cmd|calc, "quoted"', "two\nlines", "مريم 😀", "@SUM(1)", "-1+2"]:
        assert any(name.startswith(wanted) for name in names), (name, wanted)
END
head -2 nasty.canvas | tail -1 | grep -qx '    Points Possible,,,,,30.00' || fail "no Points Possible"
for file in nasty.out/junit/*.xml; do
    xmllint --noout "$file" || fail "JUnit is no XML"
done
# Debian's own Python is the one that has its packages.
/usr/bin/python3 - nasty.out/junit/*.xml <<'END' || fail "junitparser counts otherwise"
import sys
from junitparser import Error, Failure, JUnitXml, Skipped
def results(case):
    return case.result if isinstance(case.result, list) else [case.result]
suites = 0
for path in sys.argv[1:]:
    for suite in JUnitXml.fromfile(path):
        kinds = [result for case in suite for result in results(case)]
        count = [sum(isinstance(each, kind) for each in kinds) for kind in (Failure, Error, Skipped)]
        assert [suite.failures, suite.errors, suite.skipped] == count, (path, suite.name)
        assert suite.tests == len(list(suite)) > 0, (path, suite.name)
        assert all(case.name and case.classname for case in suite), (path, suite.name)
        suites += 1
assert suites == 4 + 4 + 4, suites
END
for file in nasty.out/gradescope/*/results.json; do
    jq -e '[.score] - [0, 25] == [] and (.tests | length) == 4 and .visibility == "visible"' \
        "$file" >/dev/null || fail "Gradescope's results are wrong"
done
[ "$(find nasty.out/markdown -name '*.md' | wc -l)" = 6 ] || fail "not everybody has feedback"

# ---- the autograder for Gradescope ---------------------------------------------------------------

"$grader" export gradescope --zip --output=autograder.zip >/dev/null
python3 - <<'END' || fail "the autograder for Gradescope is not whole"
import zipfile
kit = zipfile.ZipFile("autograder.zip")
names = kit.namelist()
assert kit.testzip() is None and len(set(names)) == len(names)
for program in ["setup.sh", "run_autograder"]:
    assert kit.getinfo(program).external_attr >> 16 & 0o111, program
assert "rubric.yaml" in names and "tests/hidden/masking.c" in names
assert not any(name.startswith("solution") for name in names)
END
"$grader" export gradescope --result=single.json | jq -e '.score == 0 and .output_format == "md"' \
    >/dev/null || fail "a result.json is no results.json"
echo "class.sh: all is well"
