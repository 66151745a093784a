#!/bin/sh
# `make setup test` of what is committed, on other systems than this one. Not part of `make test`: it
# is for root, with mmdebstrap, bubblewrap and a network, and takes ten minutes for each system.
#
#     tests/systems.sh [trixie] [noble] [jammy]
#
# Each system is made in build/systems/, or is there from the last time.
set -eu
cd "$(dirname "$0")/.."
kit=$PWD
trees=$kit/build/systems

debian() {
    echo "deb http://deb.debian.org/debian $1 main"
}
ubuntu() {
    for part in "$1" "$1-updates"; do
        echo "deb [trusted=yes] http://archive.ubuntu.com/ubuntu $part main universe"
    done
}

make_system() {
    case $1 in
    jammy | noble) sources=$(ubuntu "$1") ;;
    *) sources=$(debian "$1") ;;
    esac
    mkdir -p "$trees"
    echo "$sources" | mmdebstrap --quiet --variant=apt --include=ca-certificates,git,make,usrmerge \
        "$1" "$trees/$1" -
}

# Its root is the root, not only a chroot: there are no namespaces in one of those.
inside() {
    system=$1
    shift
    bwrap --bind "$trees/$system" / --dev-bind /dev /dev --proc /proc --bind /sys /sys --tmpfs /run \
        --ro-bind /etc/resolv.conf /etc/resolv.conf --clearenv --setenv HOME /root \
        --setenv PATH /usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin --cap-add ALL \
        --chdir /root/kit "$@"
}

[ $# -gt 0 ] || set -- trixie noble jammy
for system; do
    [ -d "$trees/$system" ] || make_system "$system"
    rm -rf "$trees/$system/root/kit"
    git clone --quiet "$kit" "$trees/$system/root/kit"
    log=$trees/$system.log
    if inside "$system" make setup test >"$log" 2>&1; then
        echo "$system: all is well"
    else
        echo "$system: see $log"
        exit 1
    fi
done
