#!/bin/sh
# slurm.sh: `grader grade --slurm` on a cluster of this machine alone, brought up for the test and
# taken down. Says so where Slurm is not installed or cannot start: that is no failure.
set -eu
cd "$(dirname "$0")/../../.."
grader=${GRADER:-$PWD/build/grader}
samples=$PWD/tests/submissions
place=$(mktemp -d)
chmod 755 "$place"
pids=
take_down() {
    for pid in $pids; do
        kill "$pid" 2>/dev/null || true
    done
    wait
    rm -rf "$place"
}
trap take_down EXIT
cd "$place"
PATH=$PATH:/usr/sbin

skip() {
    echo "slurm.sh: not tried: $*"
    exit 0
}

fail() {
    echo "slurm.sh: $*" >&2
    sed 's/^/    /' out ./grades/shards/*.log >&2 2>/dev/null || true
    exit 1
}

for program in slurmctld slurmd munged sbatch; do
    command -v "$program" >/dev/null ||
        skip "there is no $program (apt-get install slurmctld slurmd slurm-client munge)"
done
[ "$(id -u)" -eq 0 ] || skip "only root can bring up a cluster"

# ---- a cluster of one node -----------------------------------------------------------------------

host=$(hostname -s)
controller=$((20000 + $$ % 20000))
mkdir state spool
dd if=/dev/urandom of=munge.key bs=1024 count=1 2>/dev/null
chmod 400 munge.key
cat >slurm.conf <<END
ClusterName=test
SlurmctldHost=$host(127.0.0.1)
SlurmctldPort=$controller
SlurmdPort=$((controller + 1))
AuthType=auth/munge
AuthInfo=socket=$place/munge.socket
CredType=cred/munge
SlurmUser=root
StateSaveLocation=$place/state
SlurmdSpoolDir=$place/spool
SlurmctldPidFile=$place/slurmctld.pid
SlurmdPidFile=$place/slurmd.pid
SlurmctldLogFile=$place/slurmctld.log
SlurmdLogFile=$place/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
MpiDefault=none
ReturnToService=2
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
NodeName=$host NodeAddr=127.0.0.1 CPUs=2 State=UNKNOWN
PartitionName=test Nodes=$host Default=YES MaxTime=INFINITE State=UP
END
export SLURM_CONF="$place/slurm.conf"
munged --foreground --force --socket=munge.socket --key-file="$place/munge.key" \
    --pid-file="$place/munged.pid" --log-file="$place/munged.log" --seed-file="$place/munge.seed" \
    >munged.out 2>&1 &
pids="$pids $!"
slurmctld -D >slurmctld.out 2>&1 &
pids="$pids $!"
slurmd -D -N "$host" >slurmd.out 2>&1 &
pids="$pids $!"

# Wait until the node is idle, a minute at most.
ready=
tries=60
while [ "$tries" -gt 0 ] && [ -z "$ready" ]; do
    tries=$((tries - 1))
    [ "$(sinfo -h -o %T 2>/dev/null)" != idle ] || ready=yes
    [ -n "$ready" ] || sleep 1
done
[ -n "$ready" ] || skip "Slurm does not start here: $(tail -qn 1 munged.log slurmctld.log \
    slurmd.log slurmd.out 2>/dev/null | tail -1)"

# ---- the same class, here and there --------------------------------------------------------------

for sample in kofi-leak rosa-does-not-compile dora-untouched quentin-exit; do
    mkdir -p "class/it's $sample"
    cp "$samples/$sample/attention.c" "class/it's $sample/"
done
mkdir class/nothing

grade() {
    status=0
    "$grader" grade class "$@" >out 2>&1 || status=$?
    [ $status -eq 1 ] || fail "ended with $status: $*"
}

grades() {
    python3 -c 'import sqlite3, sys
for row in sqlite3.connect(sys.argv[1]).execute(
        "SELECT student, status, score, extra, final FROM grade ORDER BY student"):
    print(row)' "$1"
}

grade --grades here
grade --slurm --tasks=2
grades here/gradebook.db >here.txt
grades grades/gradebook.db >there.txt
cmp here.txt there.txt || fail "the cluster gives other grades"
grep -q '5 graded, 0 unchanged' out || fail "the cluster graded not everything"
[ -s "grades/reports/nothing/report.txt" ] || fail "the cluster wrote no reports"
grade --slurm --tasks=2
grep -q '0 graded, 5 unchanged' out || fail "the cluster graded again what was graded"

# ---- cancelled, then run again -------------------------------------------------------------------

# On a node that takes no work the job cannot be done before it is cancelled.
node=$(sinfo -h -o %n)
scontrol update nodename="$node" state=drain reason=test
"$grader" grade class --slurm --tasks=2 --grades cancelled >out 2>&1 &
process=$!
tries=600
while [ "$tries" -gt 0 ] && [ -z "$(squeue -h --name=attention 2>/dev/null)" ]; do
    tries=$((tries - 1))
    sleep 0.1
done
scancel --name=attention
scontrol update nodename="$node" state=resume
status=0
wait $process || status=$?
[ $status -eq 3 ] || fail "a cancelled job ends with $status"
grep -q '^grader: ' out || fail "not a word of the cancelled job"
grade --slurm --tasks=2 --grades cancelled
grades cancelled/gradebook.db >again.txt
cmp here.txt again.txt || fail "a cancelled job, run again, gives other grades"
echo "slurm.sh: all is well"
