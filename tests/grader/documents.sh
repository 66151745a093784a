#!/bin/sh
# tests/documents.py: silent about a document that is true, and clear about one that is not.
set -eu
cd "$(dirname "$0")/../.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

fail() {
    echo "documents.sh: $*" >&2
    exit 1
}

# refuses TEXT WHAT: a document with this text is refused with what is wrong.
refuses() {
    printf '%s\n' "$1" >"$work/page.md"
    ! tests/documents.py "$work/page.md" 2>"$work/said" || fail "takes: $1"
    grep -qF "$2" "$work/said" || fail "says of '$1': $(cat "$work/said")"
}

# shellcheck disable=SC2016 # the backquotes are Markdown's
{
    printf '%s\n' '`grade_submission()` in `grader/grade.c`, `tests/hostile/NAME/attention.c`,' \
        '`make test`, `make check ITEM=masking`, `build/grader check DIR`, `build/made`' >"$work/page.md"
    tests/documents.py "$work/page.md" || fail "refuses what is true"
    refuses '`grader/gone.c`' 'there is no grader/gone.c'
    refuses '`gone.h`' 'there is no gone.h'
    refuses '`never_defined()`' 'there is no function never_defined()'
    refuses '`grade_submission()` in `grader/main.c`' 'grade_submission() is not in grader/main.c'
    refuses '`make dinner`' 'make has no target dinner'
    refuses '`grader dine DIR`' 'the grader has no command dine'
    refuses '[a page](gone.md)' 'leads to gone.md'
}
