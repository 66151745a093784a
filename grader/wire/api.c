#include "wire/api.h"

const char *const api_attention[] = {
    "scaled_dot_product_attention", "self_attention_create",
    "self_attention_forward",       "self_attention_free",
    "create_causal_mask",           "create_padding_mask",
    "create_bidirectional_mask",    NULL,
};

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

gboolean api_has(const char *const *list, const char *name)
{
    return g_strv_contains(list, name);
}
