#!/bin/sh
# The student repo on a bare Debian 12: setup, stubs, full marks, and what is said when something is
# missing. Not part of `make test`: it is for root, with debootstrap and a network, and takes minutes.
#
#     make release && tests/bare.sh build/release/attention.tar.gz [TREE]
#
# TREE is where the Debian is made, or is from the last time; without it, a new one for this once.
set -eu
tarball=$(realpath "$1")
solution=$(realpath "$(dirname "$0")/../solution/attention.c")
tree=${2:-}
[ -n "$tree" ] || {
    tree=$(mktemp -d)
    temporary=$tree
}
leave() {
    for place in proc dev/shm; do
        ! mountpoint -q "$tree/$place" || umount "$tree/$place"
    done
    rm -rf "${temporary:-$tree/home/student/my repo}"
}
trap leave EXIT

[ -e "$tree/etc/debian_version" ] || debootstrap --variant=minbase bookworm "$tree"
mountpoint -q "$tree/proc" || mount -t proc proc "$tree/proc"
# Criterion wants shared memory, which every machine that runs has.
mountpoint -q "$tree/dev/shm" || mount -t tmpfs -o mode=1777 shm "$tree/dev/shm"
cp /etc/resolv.conf "$tree/etc/resolv.conf"

inside() {
    chroot "$tree" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root \
        DEBIAN_FRONTEND=noninteractive "$@"
}

# student COMMAND: as the user who was given the repo.
student() {
    inside setpriv --reuid=student --regid=student --init-groups \
        sh -c 'cd "/home/student/my repo/attention" && '"$1"
}

# expect TEXT COMMAND: the text is in what the student sees.
expect() {
    echo "# $2"
    student "$2" >"$tree/tmp/log" 2>&1 || true
    cat "$tree/tmp/log"
    grep -qF -- "$1" "$tree/tmp/log" || {
        echo "bare.sh: '$1' is missing above" >&2
        exit 1
    }
}

inside apt-get update -q
inside apt-get install -q -y --no-install-recommends make
inside sh -c 'id student >/dev/null 2>&1 || useradd --create-home student'
rm -rf "$tree/home/student/my repo"
mkdir "$tree/home/student/my repo"
tar -xzf "$tarball" -C "$tree/home/student/my repo"

echo '# as root: make setup check'
inside sh -c 'cd "/home/student/my repo/attention" && make setup check' >"$tree/tmp/log" 2>&1 || true
tail -n 20 "$tree/tmp/log"
grep -qF ' 0/30  in total' "$tree/tmp/log"
inside chown -R student: '/home/student/my repo'

expect ' 0/30  in total' 'make check'
cp "$solution" "$tree/home/student/my repo/attention/attention.c"
expect '30/30  full marks' 'make setup check'

inside apt-get remove -q -y valgrind bubblewrap gdb entr >/dev/null
expect 'memory: not checked: valgrind is not installed' 'make check'
expect 'next: have the memory checked' 'make check'
expect 'namespaces, cgroup' 'make check'
expect 'bubblewrap is not installed' 'build/grader sandbox'
expect "run 'make setup'" 'make memcheck TEST=masking/causal'
expect "run 'make setup'" 'make debug TEST=masking/causal'
expect "run 'make setup'" 'make watch'
expect 'attends to' 'make picture'
expect 'there is no sudo' 'make setup'
inside sh -c 'cd "/home/student/my repo/attention" && make -s setup' >/dev/null
expect '30/30  full marks' 'make check'
