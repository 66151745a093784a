#!/bin/sh
# tests/includes.py in a little house of its own: silent while it is in order, and clear about whatever
# is not.
set -eu
check=$(cd "$(dirname "$0")/.." && pwd)/includes.py
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

fail() {
    echo "includes.sh: $*" >&2
    exit 1
}

# build: base, run on it and main.c on top, as they should be.
build() {
    rm -rf grader tests starter
    mkdir -p grader/base grader/run tests/support starter
    touch starter/attention.h grader/base/error.h tests/support/fail.h
    echo '#include "base/error.h"' >grader/base/error.c
    printf '#include "base/error.h"\n#include "attention.h"\n' >grader/run/run.h
    printf '#include <stdio.h>\n#include "run/run.h"\n' >grader/run/run.c
    echo '#include "run/run.h"' | tee grader/run/list.h >grader/main.c
}

# finds MESSAGE FILE TEXT: with this text added to the file, the check fails and says so.
finds() {
    build
    mkdir -p "$(dirname "$2")"
    printf '%s\n' "$3" >>"$2"
    if "$check" tests/support base run main.c 2>log; then
        fail "nothing was found wrong with '$3' in $2"
    fi
    grep -qF -- "$1" log || {
        cat log >&2
        fail "'$1' is missing above"
    }
}

build
"$check" tests/support base run main.c || fail 'a house in order is refused'
[ "$("$check" --floors tests/support base run main.c | tr '\n' ';')" = \
    '  3 main.c;  2 run;  1 tests/support base;' ] || fail 'the floors are drawn wrong'
finds 'grader/base/error.c:2: grader/run/run.h is above: run stands on base' \
    grader/base/error.c '#include "run/run.h"'
finds 'grader/base and grader/run include each other' grader/base/error.c '#include "run/run.h"'
finds 'grader/run/run.c:3: "run.h" does not name a file' grader/run/run.c '#include "run.h"'
finds 'tests/support/fail.h:1: grader/base/error.h is above' tests/support/fail.h '#include "base/error.h"'
finds 'grader/attic is not named as a room' grader/attic/box.c ''
finds 'a circle of includes: grader/run/list -> grader/run/run -> grader/run/list' \
    grader/run/run.h '#include "run/list.h"'
rm -r grader/base
! "$check" tests/support base run main.c 2>log || fail 'a room that is not there is not missed'
