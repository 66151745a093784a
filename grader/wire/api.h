/*
 * api.h: the functions of attention.h, written down once for the machine.
 *
 * Each row of API is one function: the number of its parameters (1 to 8), what it gives, its name,
 * and type and name of each parameter. From this table come the calls that can cross the wire, the
 * proxy's functions, the worker's calls, the comparison of a replay with the call log, what
 * `grader picture` draws, what a submission may export, the control, and what the kit's own tests
 * call; the Makefile reads it by the preprocessor. A row that contradicts attention.h does not
 * compile.
 *
 * A new function is a new row. A new type of a parameter or a result is a new row in its table
 * below, and a case in each `switch` over it: the compiler names those that lack one.
 *
 * Plain C without GLib: this file is part of the worker, of the test programs and of the grader.
 */
#pragma once

#include <stdbool.h>

#include "attention.h"

/* The order is that of the handout. */
#define API(F)                                                                                     \
    F(1, TENSOR, create_causal_mask, INT, seq_len)                                                 \
    F(3, TENSOR, create_padding_mask, LENGTHS, lengths, INT, batch_size, INT, max_length)          \
    F(1, TENSOR, create_bidirectional_mask, INT, seq_len)                                          \
    F(4, ATTENTION, scaled_dot_product_attention, TENSOR, Q, TENSOR, K, TENSOR, V, TENSOR, mask)   \
    F(1, LAYER, self_attention_create, INT, d_model)                                               \
    F(3, ATTENTION, self_attention_forward, LAYER, attention, TENSOR, x, TENSOR, mask)             \
    F(1, NOTHING, self_attention_free, FREED_LAYER, attention)

/* What a function takes. Of LENGTHS there are as many as the next parameter says, an INT. */
#define API_PARAMETER_TYPES(P)                                                                     \
    P(TENSOR, const Tensor *)                                                                      \
    P(INT, int)                                                                                    \
    P(LENGTHS, const int *)                                                                        \
    P(LAYER, const SelfAttention *)                                                                \
    P(FREED_LAYER, SelfAttention *)

/* What a function gives, and how it is returned from a variable of the type ApiResult. */
#define API_RESULT_TYPES(R)                                                                        \
    R(NOTHING, void)                                                                               \
    R(TENSOR, Tensor *)                                                                            \
    R(ATTENTION, AttentionResult)                                                                  \
    R(LAYER, SelfAttention *)

#define API_STORE_NOTHING(result, call) (call)
#define API_STORE_TENSOR(result, call) ((result).TENSOR = (call))
#define API_STORE_ATTENTION(result, call) ((result).ATTENTION = (call))
#define API_STORE_LAYER(result, call) ((result).LAYER = (call))

#define API_RETURN_NOTHING(result) (void)(result)
#define API_RETURN_TENSOR(result) return (result).TENSOR
#define API_RETURN_ATTENTION(result) return (result).ATTENTION
#define API_RETURN_LAYER(result) return (result).LAYER

/* ---- parameters of a row --------------------------------------------------------------------- */

/* API_EACH(3, M, INT, a, TENSOR, b, INT, c) is M(3, INT, a), M(2, TENSOR, b), M(1, INT, c). */
#define API_EACH(n, M, ...) API_EACH_##n(M, __VA_ARGS__)
#define API_EACH_1(M, type, name) M(1, type, name)
#define API_EACH_2(M, type, name, ...) M(2, type, name), API_EACH_1(M, __VA_ARGS__)
#define API_EACH_3(M, type, name, ...) M(3, type, name), API_EACH_2(M, __VA_ARGS__)
#define API_EACH_4(M, type, name, ...) M(4, type, name), API_EACH_3(M, __VA_ARGS__)
#define API_EACH_5(M, type, name, ...) M(5, type, name), API_EACH_4(M, __VA_ARGS__)
#define API_EACH_6(M, type, name, ...) M(6, type, name), API_EACH_5(M, __VA_ARGS__)
#define API_EACH_7(M, type, name, ...) M(7, type, name), API_EACH_6(M, __VA_ARGS__)
#define API_EACH_8(M, type, name, ...) M(8, type, name), API_EACH_7(M, __VA_ARGS__)
#define API_MAX_PARAMETERS 8

/* For API_EACH: a parameter's declaration, its name, and an ApiValue that holds it. */
#define API_DECLARATION(n, type, name) ApiTakes_##type name
#define API_NAME(n, type, name) name
#define API_VALUE(n, type, name)                                                                   \
    {                                                                                              \
        .type = (name)                                                                             \
    }

/* The head of a row's function, or of one with a prefix to its name. */
#define API_HEAD(prefix, n, result, name, ...)                                                     \
    ApiGives_##result prefix##name(API_EACH(n, API_DECLARATION, __VA_ARGS__))

/* ---- what the table says, for programs ------------------------------------------------------- */

#define API_PARAMETER_TYPE(type, c_type)                                                           \
    typedef c_type ApiTakes_##type; /* NOLINT: a type cannot stand in parentheses */
#define API_RESULT_TYPE(type, c_type) typedef c_type ApiGives_##type; /* NOLINT */
API_PARAMETER_TYPES(API_PARAMETER_TYPE)
API_RESULT_TYPES(API_RESULT_TYPE)

#define API_PARAMETER_CONSTANT(type, c_type) API_TAKES_##type,
#define API_RESULT_CONSTANT(type, c_type) API_GIVES_##type,
typedef enum { API_PARAMETER_TYPES(API_PARAMETER_CONSTANT) } ApiParameterType;
typedef enum { API_RESULT_TYPES(API_RESULT_CONSTANT) } ApiResultType;

/* One argument: the member that its type names. */
#define API_PARAMETER_MEMBER(type, c_type) ApiTakes_##type type;
typedef union {
    API_PARAMETER_TYPES(API_PARAMETER_MEMBER)
} ApiValue;

typedef union {
    Tensor *TENSOR;
    AttentionResult ATTENTION;
    SelfAttention *LAYER;
} ApiResult;

/* API_create_causal_mask and so on, in the order of the table; 0 is none of them. */
#define API_CONSTANT(n, result, name, ...) API_##name,
enum { API_NO_FUNCTION, API(API_CONSTANT) API_FUNCTIONS };

typedef struct {
    const char *name;
    ApiResultType gives;
    unsigned count;
    struct {
        ApiParameterType type;
        const char *name;
    } parameters[API_MAX_PARAMETERS];
} ApiFunction;

/* The function with this number, as API_create_causal_mask; NULL if there is none. */
const ApiFunction *api_function(unsigned number);

/* Its name; NULL if there is none. */
const char *api_name(unsigned number);

bool api_takes(const ApiFunction *function, ApiParameterType type);

/* ---- names on both sides of a submission's object -------------------------------------------- */

/* The functions of attention.h: what a submission defines. NULL-terminated, as all lists here. */
extern const char *const api_attention[];

/* The functions of tensor.h: what the worker gives it. */
extern const char *const api_tensor[];

/*
 * The functions of the C library that allocate and free. The linker turns each use of NAME into
 * __wrap_NAME (ld --wrap), which the worker defines, so that tests can let an allocation fail.
 */
extern const char *const api_wrapped[];
#define API_WRAP_PREFIX "__wrap_"

bool api_has(const char *const *list, const char *name);
