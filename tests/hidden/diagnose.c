/* diagnose.c: attention; the masks are in diagnose_mask.c. */
#include "diagnose.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "diagnose_scale.h"
#include "fail.h"

/*
 * How near a result must be to what a mistake gives, which is nearer than the tests ask for, and how
 * far that must be from the right result somewhere.
 */
static const double NEAR_ABSOLUTE = 3e-6, NEAR_RELATIVE = 1e-4, CLEAR = 1e-5;

/* What is said when several mistakes of a family fit. */
static const char *const family_says[] = {
    [FAMILY_SCALE] = "the scores are divided by a wrong number before the softmax",
    [FAMILY_SOFTMAX] = "the softmax does not do what it should with the scores of a row",
    [FAMILY_EXPONENT] =
        "expf() overflowed or became 0 for all of a row: look at what masked scores "
        "become, and at what is subtracted before expf()",
    [FAMILY_MASK] = "the mask is not applied to the scores as it should be",
};

#define ALL ~0u
static unsigned wanted = ALL, nameable = ALL;

void diagnose_only(unsigned families, unsigned named)
{
    wanted = families;
    nameable = named;
}

static bool has_shape(const Tensor *got, const Expected *expected)
{
    return got && got->ndim == expected->ndim &&
           memcmp(got->shape, expected->shape, (size_t)got->ndim * sizeof *got->shape) == 0;
}

/* The same number up to rounding; infinite and not a number only when both are. */
static bool agree(double got, double expected)
{
    if (isnan(expected) || isinf(expected))
        return isnan(expected) ? isnan(got) : got == expected;
    return fabs(got - expected) <= NEAR_ABSOLUTE + NEAR_RELATIVE * fabs(expected);
}

static bool tensors_agree(const Tensor *got, const Expected *expected)
{
    for (size_t i = 0; i < got->size; i++)
        if (!agree(got->data[i], expected->elements[i]))
            return false;
    return true;
}

static bool reproduces(AttentionResult got, Oracle wrong)
{
    return tensors_agree(got.weights, &wrong.weights) && tensors_agree(got.output, &wrong.output);
}

static bool clearly_differ(const Expected *wrong, const Expected *right, size_t size)
{
    for (size_t i = 0; i < size; i++)
        if (!(fabs(wrong->elements[i] - right->elements[i]) <= CLEAR))
            return true;
    return false;
}

/* Could it have been made in this call, and would it have shown? */
static bool shows(const AttentionCall *call, Oracle right, const Mistake *mistake, Oracle *wrong)
{
    if ((wanted & 1u << mistake->family) == 0 || (mistake->possible && !mistake->possible(call)))
        return false;
    *wrong = mistake_attention(call, mistake);
    size_t rows = call->batches * (size_t)call->n_queries;
    if (clearly_differ(&wrong->weights, &right.weights, rows * (size_t)call->n_keys) ||
        clearly_differ(&wrong->output, &right.output, rows * (size_t)call->d_v))
        return true;
    oracle_free(*wrong);
    return false;
}

/* Where no number is left, many mistakes look alike. */
static bool tells(const Mistake *mistake, const Expected *weights, size_t size)
{
    for (size_t i = 0; i < size && mistake->family != FAMILY_EXPONENT; i++)
        if (isnan(weights->elements[i]))
            return false;
    return true;
}

static bool fits(const AttentionCall *call, AttentionResult got, Oracle right,
                 const Mistake *mistake)
{
    Oracle wrong;
    if (!shows(call, right, mistake, &wrong))
        return false;
    bool fitting = tells(mistake, &wrong.weights, call->scores.size) && reproduces(got, wrong);
    oracle_free(wrong);
    return fitting;
}

/* The mistakes that fit so far. */
typedef struct {
    const char *says; /* of the first */
    Family family;    /* of all */
    bool several, apart;
} Suspicion;

static void suspect(Suspicion *suspicion, const Mistake *mistake)
{
    bool vague = mistake->seen_as_overflow && wanted != 1u << mistake->family;
    const char *says = vague ? family_says[mistake->family] : mistake->says;
    if (!suspicion->says) {
        suspicion->says = says;
        suspicion->family = mistake->family;
    } else if (strcmp(suspicion->says, says) != 0) {
        suspicion->several = true;
        suspicion->apart |= mistake->family != suspicion->family || !mistake->family;
    }
}

static const char *conclude(const Suspicion *suspicion)
{
    if (suspicion->apart || (nameable & 1u << suspicion->family) == 0)
        return NULL;
    return suspicion->several ? family_says[suspicion->family] : suspicion->says;
}

static const MistakeList *const lists[] = {&score_mistakes, &mask_mistakes, &softmax_mistakes,
                                           &output_mistakes};
enum { LISTS = sizeof lists / sizeof *lists, MOST_MISTAKES = 64 };

/* Those that would have shown in an earlier call of this test, which was right. */
static bool acquitted[LISTS][MOST_MISTAKES];

/*
 * A wrong scale or softmax is wrong in each call; what is done with a mask or a batch may depend on
 * its shape, and then a call that is right tells only something when all else is alike.
 */
static bool may_be_acquitted(const Mistake *mistake)
{
    return wanted != ALL || (mistake->family != FAMILY_NONE && mistake->family != FAMILY_MASK);
}

static void acquit(const AttentionCall *call, Oracle right)
{
    for (size_t list = 0; list < LISTS; list++)
        for (size_t i = 0; i < lists[list]->count; i++) {
            const Mistake *mistake = &lists[list]->mistakes[i];
            Oracle wrong;
            if (acquitted[list][i] || !may_be_acquitted(mistake) ||
                !shows(call, right, mistake, &wrong))
                continue;
            acquitted[list][i] = true;
            oracle_free(wrong);
        }
}

/*
 * A call of this test that was right. What it acquits of is only looked at when a later one is
 * wrong: most tests pass, and a test is a process of its own, whose end frees all of them.
 */
typedef struct RightCall {
    struct RightCall *before;
    Tensor *Q, *K, *V, *mask;
    unsigned wanted;
} RightCall;

static RightCall *right_calls;

static Tensor *kept(const Tensor *t)
{
    Tensor *copy = tensor_copy(t);
    if (!copy)
        fail_test("broken", NULL, "no memory to look for the cause");
    return copy;
}

static void remember_right(const Tensor *Q, const Tensor *K, const Tensor *V, const Tensor *mask)
{
    RightCall *call = malloc(sizeof *call);
    if (!call)
        fail_test("broken", NULL, "no memory to look for the cause");
    *call = (RightCall){right_calls, kept(Q), kept(K), kept(V), mask ? kept(mask) : NULL, wanted};
    right_calls = call;
}

static void acquit_by_right_calls(void)
{
    unsigned wanted_now = wanted;
    for (; right_calls; right_calls = right_calls->before) {
        const RightCall *c = right_calls;
        AttentionCall call = attention_call(c->Q, c->K, c->V, c->mask);
        Oracle right = oracle_attention(c->Q, c->K, c->V, c->mask);
        wanted = c->wanted;
        acquit(&call, right);
        oracle_free(right);
    }
    wanted = wanted_now;
}

static double by_what_fits(const AttentionCall *call)
{
    return call->divisor;
}

/* When no mistake fits that is known, or several divisors do, the number says what is wrong. */
static const char *find_divisor(AttentionCall call, AttentionResult got, Oracle right)
{
    static const Mistake by_a_number = {.family = FAMILY_SCALE, .divisor = by_what_fits};
    call.divisor = divisor_of_weights(&call, got.weights);
    double right_divisor = sqrt(call.d_k);
    if (fabs(call.divisor - right_divisor) < 0.01 * right_divisor || call.divisor == 0 ||
        !fits(&call, got, right, &by_a_number))
        return NULL;
    return says_divisor(&call, call.divisor);
}

static const char *find_cause(const AttentionCall *call, AttentionResult got, Oracle right)
{
    Suspicion suspicion = {0};
    for (size_t list = 0; list < LISTS; list++)
        for (size_t i = 0; i < lists[list]->count; i++)
            if (!acquitted[list][i] && fits(call, got, right, &lists[list]->mistakes[i]))
                suspect(&suspicion, &lists[list]->mistakes[i]);
    bool unnamed = !suspicion.says || (suspicion.several && suspicion.family == FAMILY_SCALE);
    const char *divisor = unnamed && !suspicion.apart ? find_divisor(*call, got, right) : NULL;
    return divisor ? divisor : conclude(&suspicion);
}

const char *cause_of_attention(AttentionResult got, Oracle right, const Tensor *Q, const Tensor *K,
                               const Tensor *V, const Tensor *mask)
{
    AttentionCall call = attention_call(Q, K, V, mask);
    if (!has_shape(got.weights, &right.weights) || !has_shape(got.output, &right.output))
        return NULL;
    if (reproduces(got, right)) {
        remember_right(Q, K, V, mask);
        return NULL;
    }
    acquit_by_right_calls();
    return find_cause(&call, got, right);
}

const char *cause_of_masked_attention(AttentionResult got, Oracle right, const Tensor *Q,
                                      const Tensor *K, const Tensor *V, const Tensor *given,
                                      const Tensor *mask, const char *of_mask)
{
    if (!tensor_same_shape(given, mask))
        return NULL;
    if (memcmp(given->data, mask->data, mask->size * sizeof *mask->data) == 0)
        return cause_of_attention(got, right, Q, K, V, mask);
    Oracle of_given = oracle_attention(Q, K, V, given);
    bool mask_alone = has_shape(got.weights, &of_given.weights) &&
                      has_shape(got.output, &of_given.output) && reproduces(got, of_given);
    oracle_free(of_given);
    return mask_alone ? of_mask : NULL;
}
