#!/bin/sh
# The student repo, from the release to full marks, as a student and as a runner of GitHub Actions
# meet it. Needs the built kit: student.sh BUILD. With UPDATE=1 the golden files are written anew.
set -eu
cd "$(dirname "$0")/../.."
kit=$PWD
build=$kit/$1
golden=$kit/tests/grader/golden/ci
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# What the runner of the test itself may have set is none of the student's.
unset GITHUB_ACTIONS GITHUB_STEP_SUMMARY GITHUB_OUTPUT MAKEFLAGS MAKELEVEL
# The same layers on every machine: they are named in the reports.
export ATTENTION_SANDBOX_OFF=namespaces,landlock,cgroup

fail() {
    echo "student.sh: $*" >&2
    exit 1
}

# has FILE TEXT: the text stands in the file.
has() {
    grep -qF -- "$2" "$1" || {
        cat "$1" >&2
        fail "'$2' is missing above"
    }
}

# run EXPECTED_STATUS COMMAND...: its output goes to $work/log.
run() {
    expected=$1
    shift
    status=0
    "$@" >"$work/log" 2>&1 || status=$?
    [ "$status" -eq "$expected" ] || {
        cat "$work/log" >&2
        fail "'$*' ended with $status, not $expected"
    }
}

# same FILE NAME: the file is, byte for byte, the golden one.
same() {
    [ -z "${UPDATE:-}" ] || cp "$1" "$golden/$2"
    diff "$golden/$2" "$1" || fail "this is not as tests/grader/golden/ci/$2 has it"
}

# with BLOCKS: an attention.c in which only these blocks of the solution, by number, are written.
with() {
    awk -v wanted=" $1 " '
        /BEGIN SOLUTION/ { block++; inside = 1; next }
        /END SOLUTION/ { inside = 0; next }
        !inside { print; next }
        index(wanted, " " block " ") { if (!/\/\* STUB: /) print; next }
        /\/\* STUB: / { sub(/\/\* STUB: /, ""); sub(/ \*\/$/, ""); print }
    ' "$kit/solution/attention.c" >attention.c
}

# ---- the release ---------------------------------------------------------------------------------

"$build/grader" release "$work/first" >/dev/null
(umask 077 && cd / && "$build/grader" release "$work/a second/place" >/dev/null)
cmp "$work/first/attention.tar.gz" "$work/a second/place/attention.tar.gz"
mkdir "$work/my repo"
tar -xzf "$work/first/attention.tar.gz" -C "$work/my repo"
diff -r "$work/first/attention" "$work/my repo/attention"
cd "$work/my repo/attention"
for name in class hidden mutants hostile correct submissions solution; do
    [ -z "$(find . -name "$name")" ] || fail "the release has something called $name"
done

# Markdown takes a line that begins with '1)' for a list, also in the middle of a paragraph.
awk 'before != "" && /^1[.)] / { print; found = 1 } { before = $0 } END { exit found }' README.md ||
    fail 'the handout has a line that Markdown takes for a list'

# ---- from the stubs to full marks ----------------------------------------------------------------

mkdir "$work/bin"
for program in make sh find; do
    ln -s "$(command -v $program)" "$work/bin/"
done
run 2 env PATH="$work/bin" make check
has "$work/log" "something that is needed is not installed; run 'make setup'"
run 2 make -j2 check
has "$work/log" 'The checker is compiled now, once'
has "$work/log" ' 0/30  in total'
has "$work/log" 'next: implement attention masks'
has "$work/log" 'These are the public tests; the hidden ones decide.'
run 2 make check
! grep -E '^  (CC|LINK) ' "$work/log" || fail 'the second make check builds again'

with '1 2 3'
run 2 make check
has "$work/log" ' 5/30  in total'
has "$work/log" 'next: implement scaled dot-product attention'
run 0 make check ITEM=masking
has "$work/log" ' 5/5   attention masks  all 5 tests pass'
has "$work/log" 'next: run all of the tests'
run 2 make check ITEM=integration
run 2 make check ITEM=mask
has "$work/log" "there is no item 'mask', but scaled_dot_product_attention, self_attention, masking,"

with '1 2 3 4 5'
sed -i 's/apply_mask(scores, mask);/(void)apply_mask;/' attention.c
run 2 make check
has "$work/log" 'FAIL a mask'
has "$work/log" ' 5/30  in total'

# A pointer that was never set points anywhere.
with '1 2 3'
sed -i 's/return (AttentionResult){NULL, NULL}/return (AttentionResult){(Tensor *)64, (Tensor *)64}/' attention.c
run 2 make check ITEM=scaled_dot_product_attention
has "$work/log" 'scaled_dot_product_attention returned something that is not a'
has "$work/log" 'FAIL leading axes, a mask, a mask with leading axes'

with '1 2 3 4 5'
run 2 make check
has "$work/log" '15/30  in total'
has "$work/log" 'next: implement self-attention'

cp "$kit/solution/attention.c" attention.c
run 0 make check
has "$work/log" '30/30  full marks'

# Another compiler, and its warnings, do not keep a student from beginning.
if command -v clang >/dev/null; then
    run 0 make -j2 check CC=clang BUILD=build-clang
    has "$work/log" '30/30  full marks'
fi
! make -n check BUILD=other | grep -- -Werror || fail 'a warning would end the build of a student'

# No line that is wider than a terminal.
make help >"$work/log"
awk 'length > 80 { print; wide = 1 } END { exit wide }' "$work/log" || fail 'make help is too wide'
has "$work/log" 'for students'
! grep -E 'for (instructors|developers)|make (grade|test) ' "$work/log" || fail 'not for students'
build/grader man >"$work/log"
has "$work/log" 'grader check'
! grep -E 'grader (grade|release)' "$work/log" || fail 'the manual has what students do not'

# ---- looking closer ------------------------------------------------------------------------------

run 0 make memcheck TEST=masking/causal
has "$work/log" 'ERROR SUMMARY: 0 errors'
run 2 make memcheck TEST=masking/none
has "$work/log" "there is no test 'masking/none'; there are:"
has "$work/log" 'TEST=masking/causal'

if gdb -batch -ex run --args true 2>/dev/null | grep -q 'exited normally'; then
    printf 'print seq_len\ncontinue\n' >"$work/commands"
    run 0 sh -c "make debug TEST=masking/causal <'$work/commands'"
    has "$work/log" 'create_causal_mask (seq_len=4) at attention.c:'
    # shellcheck disable=SC2016 # gdb's variable
    has "$work/log" '$1 = 4'
    has "$work/log" 'exited normally'
fi

run 0 make picture
has "$work/log" 'position 3 attends to, full'
has build/picture.svg 'attention weights, causal'

# ---- continuous integration ----------------------------------------------------------------------

# github GOLDEN TARGET...: make it as the workflow does; compare all that GitHub gets to see.
github() {
    name=$1
    shift
    : >"$work/summary"
    : >"$work/output"
    GITHUB_ACTIONS=true GITHUB_STEP_SUMMARY="$work/summary" GITHUB_OUTPUT="$work/output" \
        make SEED=1 "$@" >"$work/stdout" 2>"$work/stderr" || true
    same "$work/stdout" "$name.log"
    same "$work/summary" "$name.md"
    same "$work/output" "$name.output"
    xmllint --noout build/report/junit.xml
}

github full setup check
jq -e '.score == 30' build/report/result.json >/dev/null || fail 'result.json has another score'
for sample in julia-padding-rows kofi-leak rosa-does-not-compile sven-prints; do
    cp "$kit/tests/submissions/$sample/attention.c" attention.c
    github "$sample" setup check
done

# The instructors' workflow, with the student's repo beside the kit's. The rubric wants Landlock; and
# with code that does not compile, what is pinned does not depend on the hidden tests.
cd "$kit"
export ATTENTION_SANDBOX_OFF=namespaces,cgroup
if "$build/grader" sandbox | grep -qE 'landlock +enforced'; then
    mkdir "$work/submission"
    cp "$kit/tests/submissions/rosa-does-not-compile/attention.c" "$work/submission/"
    github hidden grade BUILD="$1" GRADES="$work/grades" SUBMISSIONS="$work/submission"
fi

# ---- a student who is not root -------------------------------------------------------------------

if [ "$(id -u)" -eq 0 ]; then
    unset ATTENTION_SANDBOX_OFF
    cd "$work/my repo/attention"
    cp "$kit/solution/attention.c" attention.c
    chmod 755 "$work"
    chown -R nobody "$work/my repo"
    run 0 setpriv --reuid=nobody --regid=nogroup --clear-groups env HOME=/nonexistent make check
    has "$work/log" '30/30  full marks'
fi
