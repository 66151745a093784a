/* use.c: see use.h. */
#include "use.h"

#include <math.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define LONGEST_CALL 20 /* seconds */

/* The extra credit. It is "weak": if attention.c has no such function, its address is NULL. */
__attribute__((weak)) AttentionResult multi_head_attention(const Tensor *x_q, const Tensor *x_kv,
                                                           const Tensor *W_q, const Tensor *W_k,
                                                           const Tensor *W_v, const Tensor *W_o,
                                                           int num_heads, const Tensor *mask);

/* ---- when it goes wrong ---------------------------------------------------------------------- */

static const char *volatile called = ""; /* the function of yours that was called last */
static bool line_is_open;
static volatile sig_atomic_t inside; /* it has not returned yet */

_Noreturn void use_stop(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    if (line_is_open)
        printf("\n");
    vprintf(format, arguments);
    va_end(arguments);
    printf("\n");
    exit(USE_STOPPED);
}

void use_line_is_open(bool open)
{
    line_is_open = open;
    fflush(stdout);
}

/* After a crash only write() may be trusted. */
static void say(const char *text)
{
    if (write(STDOUT_FILENO, text, strlen(text)) < 0)
        _exit(USE_STOPPED);
}

static void say_crashed(int signal_number)
{
    say(line_is_open ? "\n" : "");
    say(called);
    if (signal_number == SIGALRM)
        say("() does not end: is there a loop that never stops?\n");
    else
        say("() has crashed: `make memcheck` shows where.\n");
    _exit(USE_STOPPED);
}

static void say_left(void)
{
    if (!inside)
        return;
    say(line_is_open ? "\n" : "");
    say(called);
    say("() has ended the program: it must return.\n");
    _exit(USE_STOPPED);
}

static void begin_call(const char *name)
{
    static const int signals[] = {SIGSEGV, SIGBUS, SIGFPE, SIGABRT, SIGILL, SIGALRM};
    static bool prepared = false;
    for (size_t i = 0; !prepared && i < sizeof signals / sizeof *signals; i++)
        signal(signals[i], say_crashed);
    if (!prepared)
        atexit(say_left);
    prepared = true;
    called = name;
    fflush(stdout);
    alarm(LONGEST_CALL);
    inside = 1;
}

static void end_call(void)
{
    inside = 0;
    alarm(0);
}

/* ---- is it what was promised? ---------------------------------------------------------------- */

/* Stop unless a tensor has this shape, and numbers in it. */
static void check_tensor(const char *what, const Tensor *tensor, int ndim, const int *shape)
{
    bool fits = tensor->ndim == ndim;
    for (int axis = 0; fits && axis < ndim; axis++)
        fits = tensor->shape[axis] == shape[axis];
    if (!fits)
        use_stop("%s() returns %s of a wrong shape.", called, what);
    for (size_t i = 0; i < tensor->size; i++) {
        if (!isfinite(tensor->data[i]))
            use_stop("%s() returns %s in its %s: see `make check`.", called,
                     isnan(tensor->data[i]) ? "nan" : "infinity", what);
    }
}

static void check_result(AttentionResult result, const int *output_shape, const int *weights_shape,
                         int output_ndim, int weights_ndim)
{
    if (result.output == NULL || result.weights == NULL)
        use_stop("%s() returns no %s: see `make check`.", called,
                 result.output == NULL ? "output" : "weights");
    if (result.output == result.weights)
        use_stop("%s() returns one tensor twice: see `make check`.", called);
    check_tensor("output", result.output, output_ndim, output_shape);
    check_tensor("weights", result.weights, weights_ndim, weights_shape);
}

/* Stop if a tensor that was given comes back, where a new one was promised. */
static void check_new(AttentionResult result, const Tensor *const *given, int count)
{
    for (int i = 0; i < count; i++) {
        if (given[i] != NULL && (result.output == given[i] || result.weights == given[i]))
            use_stop("%s() returns what it was given, not a new tensor.", called);
    }
}

/* Either nothing is written yet, or these shapes are refused. */
static _Noreturn void stop_for_null(const Tensor *Q)
{
    if (Q->ndim == 2)
        use_stop("%s() returns NULL for Q (%d, %d). Written yet?", called, Q->shape[0],
                 Q->shape[1]);
    use_stop("%s() returns NULL for Q (%d, %d, %d). Written yet?", called, Q->shape[0], Q->shape[1],
             Q->shape[2]);
}

/* ---- calls of your functions ----------------------------------------------------------------- */

AttentionResult use_attention(const Tensor *Q, const Tensor *K, const Tensor *V, const Tensor *mask)
{
    begin_call("scaled_dot_product_attention");
    AttentionResult result = scaled_dot_product_attention(Q, K, V, mask);
    end_call();
    if (result.output == NULL && result.weights == NULL)
        stop_for_null(Q);
    check_new(result, (const Tensor *[]){Q, K, V, mask}, 4);
    int output[TENSOR_MAX_AXES], weights[TENSOR_MAX_AXES];
    memcpy(output, Q->shape, sizeof output);
    memcpy(weights, Q->shape, sizeof weights);
    output[Q->ndim - 1] = tensor_axis(V, -1);
    weights[Q->ndim - 1] = tensor_axis(K, -2);
    check_result(result, output, weights, Q->ndim, Q->ndim);
    return result;
}

Tensor *use_causal_mask(int length)
{
    begin_call("create_causal_mask");
    Tensor *mask = create_causal_mask(length);
    end_call();
    if (mask == NULL)
        use_stop("%s() returns NULL: write it first, `make check` helps.", called);
    check_tensor("a mask", mask, 2, (int[]){length, length});
    return mask;
}

AttentionResult use_multi_head_attention(const Tensor *x, const Tensor *W_q, const Tensor *W_k,
                                         const Tensor *W_v, const Tensor *W_o, int num_heads,
                                         const Tensor *mask)
{
    if (multi_head_attention == NULL)
        return (AttentionResult){NULL, NULL};
    begin_call("multi_head_attention");
    AttentionResult result = multi_head_attention(x, x, W_q, W_k, W_v, W_o, num_heads, mask);
    end_call();
    if (result.output != NULL || result.weights != NULL) {
        check_new(result, (const Tensor *[]){x, W_q, W_k, W_v, W_o, mask}, 6);
        int length = tensor_axis(x, 0);
        check_result(result, (int[]){length, tensor_axis(W_o, 1)},
                     (int[]){num_heads, length, length}, 2, 3);
    }
    return result;
}

void attention_result_free(AttentionResult result)
{
    tensor_free(result.output);
    tensor_free(result.weights);
}

/* ---- small things ---------------------------------------------------------------------------- */

Tensor *use_tensor(Tensor *tensor)
{
    if (tensor == NULL)
        use_stop("There is no memory left.");
    return tensor;
}

int use_columns(void)
{
    struct winsize size;
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) < 0 || size.ws_col > 80)
        return 80;
    return size.ws_col < 40 ? 40 : size.ws_col;
}

/* Xorshift, by George Marsaglia: three shifts mix the bits of the state. */
double use_random(unsigned long long *state)
{
    *state ^= *state >> 12;
    *state ^= *state << 25;
    *state ^= *state >> 27;
    return (double)((*state * 0x2545F4914F6CDD1DULL) >> 11) * 0x1p-53;
}
