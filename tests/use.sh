#!/bin/sh
# use.sh: the programs of starter/use/, with the solution and with attention.c files that are wrong,
# unfinished or strange; the model's trainer, and what the model has learned. Run from the top folder.
#
#     tests/use.sh [FOLDER]      FOLDER: where to build
set -eu

folder=${1:-build/test-use}
mkdir -p "$folder"
failures=0

strict='-std=c17 -Wall -Wextra -Wpedantic -Werror -O1 -g -Istarter -Istarter/use'
shared='starter/use/use.c starter/tensor.c'

fail() {
    echo "use: FAIL $*"
    failures=$((failures + 1))
}

# build NAME ATTENTION [FLAGS]: reverse, recall and story, each in FOLDER/NAME/.
build() {
    name=$1 attention=$2
    shift 2
    mkdir -p "$folder/$name"
    # shellcheck disable=SC2086
    gcc -O1 -g -Istarter "$@" -c -o "$folder/$name/attention.o" "$attention"
    for program in reverse recall story; do
        sources=starter/use/$program.c
        [ $program != story ] || sources="$sources starter/use/telling.c starter/use/transformer.c"
        # shellcheck disable=SC2086
        gcc $strict "$@" '-DUSE_FOLDER="starter/use/"' -o "$folder/$name/$program" \
            $sources $shared "$folder/$name/attention.o" -lm
    done
}

# run STATUS NAME PROGRAM [ARGUMENTS]: run it, and expect the status; what it prints is in FOLDER/out.
run() {
    wanted=$1 program=$2/$3
    shift 3
    status=0
    "$folder/$program" "$@" >"$folder/out" 2>&1 </dev/null || status=$?
    [ $status -eq "$wanted" ] || fail "$program $*: status $status, expected $wanted"
    [ -z "$(awk 'length > 80' "$folder/out")" ] || fail "$program $*: a line is longer than 80"
    ! grep -qiE '(^|[^a-z])nan([^a-z]|$)' "$folder/out" || [ "$wanted" -eq 3 ] ||
        fail "$program $*: prints nan"
}

# said TEXT: the last run has printed it.
said() {
    grep -qF -- "$1" "$folder/out" || { fail "not said: $1"; cat "$folder/out"; }
}

# ---- the solution ---------------------------------------------------------------------------------

build right solution/attention.c
run 0 right reverse
said 'ATTENTION -> NOITNETTA'
said '    N . . . . . . . . #'
said '    A # . . . . . . . .'
run 0 right reverse Zoë
said 'Zoë -> ëoZ'
run 0 right reverse a
said 'a -> a'
run 0 right reverse abcdefghijklmnopqrstuvwxyz
run 3 right reverse abcdefghijklmnopqrstuvwxyza
run 3 right reverse ''
run 0 right recall
said 'The cat'
said 'It had attended to'
run 0 right recall 'Hello' 3
run 0 right recall "$(printf '%0200d' 0)"
run 3 right recall ''
numbers=$(sed -n 's/^\([0-9]*\)\. .*/\1/p' starter/use/stories.md)
[ "$(echo "$numbers" | wc -l)" -ge 20 ] || fail 'stories.md has less than 20 stories'
for number in $(echo "$numbers" | head -4); do
    run 0 right story "$number"
    said 'Word for word the story that our attention writes.'
    said 'scaled_dot_product_attention(), head by head'
done
run 0 right story 'Long ago there lived a girl named Zoe. She had'
said 'Long ago there lived a girl named Zoe. She had a'
run 3 right story 'There was a robot'
said "never seen 'robot'"
run 3 right story 0
run 3 right story "$(yes the | head -200 | tr '\n' ' ')"
words=$(sed -n '2s/^words \([0-9]*\) .*/\1/p' starter/use/story.weights)
grep -q "head -$((words + 3)) story.weights" starter/use/README.md || fail "the README's count of words"
[ "$(wc -c <starter/use/story.weights)" -lt 600000 ] || fail 'story.weights is too large'

# ---- wrong and unfinished ones --------------------------------------------------------------------

first=$(echo "$numbers" | head -1)
for wrong in fatima-no-scale goran-inverted-mask; do
    build $wrong tests/submissions/$wrong/attention.c
    run 0 $wrong reverse
    run 0 $wrong recall
    run 1 $wrong story "$first"
    said 'This is not what our attention writes:'
    said 'here they part'
    # The mark stands below the first character that differs.
    awk '/^ours /&&!o{o=$0} /^yours /&&!y{y=$0} /here they part/{for(i=9;substr(o,i,1)==substr(y,i,1);i++);
        exit index($0,"^")!=i}' "$folder/out" || fail "$wrong: the mark is at the wrong place"
done
build stub tests/submissions/dora-untouched/attention.c
for program in reverse recall story; do
    run 3 stub $program
    said 'returns NULL'
    [ "$(grep -c . "$folder/out")" -eq 1 ] || fail "stub: $program says more than one line"
done
run 3 stub reverse
said 'scaled_dot_product_attention() returns NULL for Q (9, 9). Written yet?'
build axis tests/submissions/hana-wrong-axis/attention.c
run 1 axis recall
said 'should sum to 1'
run 1 axis story "$first"

strange() {
    build strange tests/use/strange.c -DKIND="$1"
    for program in $3; do
        run 3 strange "$program"
        said "$2"
        [ "$(grep -c . "$folder/out")" -eq 1 ] || fail "$1: $program says more than one line"
    done
}
strange NAN_IN_OUTPUT 'returns nan in its output' 'reverse recall story'
build strange tests/use/strange.c -DKIND=NAN_LATER
run 3 strange story
[ "$(grep -c . "$folder/out")" -eq 2 ] || fail 'a message in the middle of a story begins no line'
strange WEIGHTS_MISSING 'returns no weights' 'reverse recall story'
strange WRONG_SHAPE 'of a wrong shape' 'recall story'
strange GIVES_BACK_V 'returns what it was given' 'reverse recall story'
strange SAME_TENSOR_TWICE 'returns one tensor twice' 'reverse recall story'
strange CRASHES 'has crashed' 'reverse recall story'
strange LEAVES 'has ended the program' 'reverse recall story'
strange NO_MASK 'create_causal_mask() returns NULL' 'story'
strange MASK_OF_ANOTHER_SIZE 'a mask of a wrong shape' 'story'

# ---- several heads --------------------------------------------------------------------------------

heads=tests/use/multi_head.c
! grep -q multi_head_attention solution/attention.c || heads=solution/attention.c
build heads $heads
run 0 heads story "$first"
said 'Word for word the story that our attention writes.'
said 'multi_head_attention().'
if [ $heads = tests/use/multi_head.c ]; then
    build heads-wrong $heads -DOUTPUT_PROJECTION_FORGOTTEN
    run 1 heads-wrong story "$first"
    said 'here they part'
fi

# ---- memory ---------------------------------------------------------------------------------------

ending='Once there was a boy named Tom. He had a red kite. And Tom and his kite lived happily ever after. The end'
for program in 'reverse' 'recall' "story"; do
    set --
    [ $program != story ] || set -- "$ending"
    valgrind --quiet --leak-check=full --show-leak-kinds=all --errors-for-leak-kinds=all \
        --error-exitcode=9 "$folder/right/$program" "$@" >"$folder/out" 2>&1 ||
        { fail "valgrind: $program"; cat "$folder/out"; }
done
build sanitized solution/attention.c -fsanitize=address,undefined -fno-sanitize-recover=all
for program in reverse recall story; do
    set --
    [ $program != story ] || set -- "$first"
    run 0 sanitized $program "$@"
done
# A file of weights that is cut off, or of which a byte has changed, is refused.
mkdir -p "$folder/damaged"
# shellcheck disable=SC2086
gcc $strict "-DUSE_FOLDER=\"$folder/damaged/\"" -fsanitize=address,undefined -o "$folder/damaged/story" \
    starter/use/story.c starter/use/telling.c starter/use/transformer.c $shared \
    "$folder/sanitized/attention.o" -lm
damaged() {
    run 3 damaged story
    said "$1"
}
rm -f "$folder/damaged/story.weights"
damaged 'There is no file'
for size in 0 40 150 1500 400000; do
    head -c "$size" starter/use/story.weights >"$folder/damaged/story.weights"
    damaged "story.weights'"
done
{ head -c 300000 starter/use/story.weights; printf x; tail -c +300002 starter/use/story.weights; } \
    >"$folder/damaged/story.weights"
damaged 'is damaged'

# ---- the trainer ----------------------------------------------------------------------------------

# shellcheck disable=SC2086
gcc $strict -Isolution/train -DREAL=double -o "$folder/gradients" tests/use/gradients.c \
    solution/train/model.c solution/train/grammar.c -lm
"$folder/gradients" || fail 'the gradients are wrong'
# shellcheck disable=SC2086
gcc $strict -Isolution/train -o "$folder/same_model" tests/use/same_model.c solution/train/model.c \
    solution/train/grammar.c starter/use/transformer.c $shared solution/attention.c -lm
"$folder/same_model" starter/use/story.weights || fail 'two models'
# A short training makes the loss fall, is the same each time, and its file can be read.
# shellcheck disable=SC2086
gcc $strict -O2 -Isolution/train -o "$folder/train" solution/train/train.c solution/train/model.c \
    solution/train/grammar.c -lm
"$folder/train" "$folder/short.weights" 10 >"$folder/train.log"
cp "$folder/short.weights" "$folder/short.before"
"$folder/train" "$folder/short.weights" 10 >"$folder/train.log"
cmp "$folder/short.weights" "$folder/short.before" || fail 'two trainings differ'
"$folder/same_model" "$folder/short.weights" >/dev/null || fail 'a short training cannot be read'

# ---- what the model has learned -------------------------------------------------------------------

# learned TITLE PROGRAM [without-mask]
learned() {
    printf '\n%s\n' "$1"
    program=$folder/$2
    shift 2
    "$program" starter/use/story.weights "$@" >"$folder/out"
    cat "$folder/out"
}
for attention in solution/attention tests/use/uniform; do
    # shellcheck disable=SC2086
    gcc $strict -O2 -Isolution/train -o "$folder/learned-${attention##*/}" tests/use/learned.c \
        solution/train/grammar.c starter/use/transformer.c $shared $attention.c -lm
done
right() {
    sed -n 's/^agreement right in \([0-9]*\) of.*/\1/p' "$folder/out"
}
learned 'with the causal mask' learned-attention
with=$(right)
[ "$with" -ge 990 ] || fail "the model has learned too little: $with of 1000"
learned 'without the causal mask' learned-attention without-mask
without=$(right)
learned 'with uniform weights instead of attention' learned-uniform
uniform=$(right)
{ [ "$without" -lt "$with" ] && [ "$uniform" -lt "$with" ]; } ||
    fail "attention is not needed: $with with it, $without without its mask, $uniform uniform"

echo
[ $failures -eq 0 ] && echo 'use: all is well'
exit $((failures > 0))
