/*
 * attention.c: what takes a submission's place in a control run. It answers every call of
 * attention.h with something small and does no harm: if Valgrind's report on this cannot be
 * believed either, the reason is not the submission.
 *
 * It also comes wherever the library that Valgrind preloads asks Valgrind for something.
 */
#include <stdlib.h>
#include <string.h>

#include "wire/api.h"

/* Most of these report that the areas overlap. */
static void overlap(size_t length, const char *source)
{
    char text[80] = "";
    char *volatile here = text, *volatile there = text + 1;
    strcpy(text, source); /* NOLINT: meant as it is, also below */
    memcpy(here, there, length);
    memcpy(there, here, length);
    mempcpy(here, there, length);
    mempcpy(there, here, length);
    strncpy(here, there, length);
    strncpy(there, here, length);
    strcpy(text, source); /* NOLINT */
    strcpy(here, there);  /* NOLINT */
    stpcpy(here, there);
    strcpy(text, source); /* NOLINT */
    here[1] = '\0';
    strcat(here, here + 2); /* NOLINT */
    here[1] = '\0';
    strncat(here, here + 2, length);
}

static void overlap_all(void)
{
    for (size_t length = 0; length < 16; length += 3) {
        overlap(length, "");
        overlap(length, "some text");
    }
}

/* Each with all that can come back, and all that can be passed. */
static void allocate(void)
{
    volatile size_t most = (size_t)-1 / 4, none = 0;
    free(malloc(none)); /* NOLINT */
    free(malloc(most));
    free(calloc(most, 8));
    free(calloc(none, none));
    free(realloc(NULL, 8));
    free(realloc(malloc(8), 16));
    free(realloc(NULL, most));
    free(realloc(malloc(8), none));
    free(aligned_alloc(64, 64));
    free(aligned_alloc(8, 8));
    free(aligned_alloc(24, 48)); /* NOLINT: no power of 2 */
    free(aligned_alloc(4, 8));
    free(aligned_alloc(64, most));
    free(strdup("text"));
    free(NULL);
}

static Tensor *one_element(void)
{
    overlap_all();
    allocate();
    return tensor_create(1, (int[]){1});
}

static AttentionResult two_elements(void)
{
    return (AttentionResult){.output = one_element(), .weights = one_element()};
}

/* ---- attention.h ----------------------------------------------------------------------------- */

#define ANSWER_NOTHING(result) (void)(result)
#define ANSWER_TENSOR(result) (result).TENSOR = one_element()
#define ANSWER_ATTENTION(result) (result).ATTENTION = two_elements()
#define ANSWER_LAYER(result) (result).LAYER = calloc(1, sizeof(SelfAttention))

#define USE_TENSOR(argument) (void)(argument)
#define USE_INT(argument) (void)(argument)
#define USE_LENGTHS(argument) (void)(argument)
#define USE_LAYER(argument) (void)(argument)
#define USE_FREED_LAYER(argument) free(argument)
#define USE(n, type, name) USE_##type(name)

#define DEFINE(n, gives, name, ...)                                                                \
    API_HEAD(, n, gives, name, __VA_ARGS__)                                                        \
    {                                                                                              \
        ApiResult result;                                                                          \
        API_EACH(n, USE, __VA_ARGS__);                                                             \
        ANSWER_##gives(result);                                                                    \
        API_RETURN_##gives(result);                                                                \
    }
/* cppcheck-suppress memleak ; it is returned, as a member of a union */
API(DEFINE)
