/* api.c: what the table of the API says; see api.h. */
#include "wire/api.h"

#include <stddef.h>
#include <string.h>

/* Declared again as the table has them, here where attention.h is included. */
#define DECLARE(n, result, name, ...) API_HEAD(, n, result, name, __VA_ARGS__);
API(DECLARE)

#define PARAMETER(n, type, name)                                                                   \
    {                                                                                              \
        API_TAKES_##type, #name                                                                    \
    }
#define FUNCTION(n, result, name, ...)                                                             \
    [API_##name] = {#name, API_GIVES_##result, n, {API_EACH(n, PARAMETER, __VA_ARGS__)}},
static const ApiFunction functions[API_FUNCTIONS] = {API(FUNCTION)};

const ApiFunction *api_function(unsigned number)
{
    return number > API_NO_FUNCTION && number < API_FUNCTIONS ? &functions[number] : NULL;
}

const char *api_name(unsigned number)
{
    const ApiFunction *function = api_function(number);
    return function != NULL ? function->name : NULL;
}

bool api_takes(const ApiFunction *function, ApiParameterType type)
{
    for (unsigned i = 0; i < function->count; i++)
        if (function->parameters[i].type == type)
            return true;
    return false;
}

#define NAME(n, result, name, ...) #name,
const char *const api_attention[] = {API(NAME) NULL};

const char *const api_tensor[] = {
    "tensor_create",
    "tensor_copy",
    "tensor_free",
    "tensor_get",
    "tensor_set",
    "tensor_fill",
    "tensor_axis",
    "tensor_same_shape",
    "tensor_broadcasts",
    "tensor_broadcast_index",
    "tensor_matmul",
    "tensor_swap_last_axes",
    NULL,
};

const char *const api_wrapped[] = {"malloc", "calloc", "realloc", "aligned_alloc",
                                   "strdup", "free",   NULL};

bool api_has(const char *const *list, const char *name)
{
    for (; *list != NULL; list++)
        if (strcmp(*list, name) == 0)
            return true;
    return false;
}
