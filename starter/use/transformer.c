/* transformer.c: see transformer.h. Read it from below: transformer_logits() is the whole. */
#include "transformer.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "use.h"

/* ---- parts ----------------------------------------------------------------------------------- */

/* a = a + b, for tensors of the same shape; b is freed. */
static void add(Tensor *a, Tensor *b)
{
    for (size_t i = 0; i < a->size; i++)
        a->data[i] += b->data[i];
    tensor_free(b);
}

/* Add a bias, which has one element for each column, to every row. */
static void add_bias(Tensor *a, const Tensor *bias)
{
    for (size_t i = 0; i < a->size; i++)
        a->data[i] += bias->data[i % bias->size];
}

/* Layer norm: bring each row to mean 0 and deviation 1, then stretch and shift each column. */
static Tensor *norm(const Tensor *x, const Tensor *gain, const Tensor *bias)
{
    Tensor *normed = use_tensor(tensor_copy(x));
    int d = tensor_axis(x, -1);
    for (float *row = normed->data; row < normed->data + normed->size; row += d) {
        float mean = 0.0f, variance = 0.0f;
        for (int j = 0; j < d; j++)
            mean += row[j] / (float)d;
        for (int j = 0; j < d; j++)
            variance += (row[j] - mean) * (row[j] - mean) / (float)d;
        for (int j = 0; j < d; j++)
            row[j] = (row[j] - mean) / sqrtf(variance + 1e-5f) * gain->data[j] + bias->data[j];
    }
    return normed;
}

/* Cut the columns into heads: (length, d_model) becomes (heads, length, d_model / heads). */
static Tensor *split(const Tensor *x, int heads)
{
    int length = tensor_axis(x, 0), d = tensor_axis(x, 1), size = d / heads;
    Tensor *parts = use_tensor(tensor_create(3, (int[]){heads, length, size}));
    for (int i = 0; i < length; i++) {
        for (int j = 0; j < d; j++)
            tensor_set(parts, (int[]){j / size, i, j % size}, tensor_get(x, (int[]){i, j}));
    }
    return parts;
}

/* Put the heads side by side again. */
static Tensor *merge(const Tensor *parts)
{
    int heads = tensor_axis(parts, 0), length = tensor_axis(parts, 1), size = tensor_axis(parts, 2);
    Tensor *x = use_tensor(tensor_create(2, (int[]){length, heads * size}));
    for (int i = 0; i < length; i++) {
        for (int j = 0; j < heads * size; j++)
            tensor_set(x, (int[]){i, j}, tensor_get(parts, (int[]){j / size, i, j % size}));
    }
    return x;
}

/* x W, cut into heads. */
static Tensor *project(const Tensor *x, const Tensor *W, int heads)
{
    Tensor *projected = use_tensor(tensor_matmul(x, W));
    Tensor *parts = split(projected, heads);
    tensor_free(projected);
    return parts;
}

/* Several heads by your scaled_dot_product_attention(): the heads are a leading axis. */
static Tensor *attend_head_by_head(const Layer *layer, const Tensor *x, int heads,
                                   const Tensor *mask)
{
    Tensor *Q = project(x, layer->W_q, heads);
    Tensor *K = project(x, layer->W_k, heads);
    Tensor *V = project(x, layer->W_v, heads);
    AttentionResult result = use_attention(Q, K, V, mask);
    Tensor *merged = merge(result.output);
    Tensor *output = use_tensor(tensor_matmul(merged, layer->W_o));
    tensor_free(Q);
    tensor_free(K);
    tensor_free(V);
    attention_result_free(result);
    tensor_free(merged);
    return output;
}

/* Several heads by your multi_head_attention(), if you have written it. */
static Tensor *attend(Transformer *model, const Layer *layer, const Tensor *x, const Tensor *mask)
{
    AttentionResult result = use_multi_head_attention(x, layer->W_q, layer->W_k, layer->W_v,
                                                      layer->W_o, model->heads, mask);
    model->multi_head = result.output != NULL;
    if (!model->multi_head)
        return attend_head_by_head(layer, x, model->heads, mask);
    tensor_free(result.weights);
    return result.output;
}

/* relu(x W_1 + b_1) W_2 + b_2 */
static Tensor *feed_forward(const Layer *layer, const Tensor *x)
{
    Tensor *hidden = use_tensor(tensor_matmul(x, layer->W_1));
    add_bias(hidden, layer->b_1);
    for (size_t i = 0; i < hidden->size; i++)
        hidden->data[i] = fmaxf(hidden->data[i], 0.0f);
    Tensor *output = use_tensor(tensor_matmul(hidden, layer->W_2));
    add_bias(output, layer->b_2);
    tensor_free(hidden);
    return output;
}

/* ---- the whole ------------------------------------------------------------------------------- */

static Tensor *embed(const Transformer *model, const int *text, int length)
{
    int d = model->d_model;
    Tensor *x = use_tensor(tensor_create(2, (int[]){length, d}));
    for (int i = 0; i < length; i++) {
        for (int j = 0; j < d; j++)
            tensor_set(x, (int[]){i, j},
                       tensor_get(model->word_embedding, (int[]){text[i], j}) +
                           tensor_get(model->place_embedding, (int[]){i, j}));
    }
    return x;
}

Tensor *transformer_logits(Transformer *model, const int *text, int length, const Tensor *mask)
{
    Tensor *x = embed(model, text, length);
    for (int i = 0; i < model->layers; i++) {
        const Layer *layer = &model->layer[i];
        Tensor *seen = norm(x, layer->norm_1_gain, layer->norm_1_bias);
        add(x, attend(model, layer, seen, mask));
        tensor_free(seen);
        seen = norm(x, layer->norm_2_gain, layer->norm_2_bias);
        add(x, feed_forward(layer, seen));
        tensor_free(seen);
    }
    Tensor *final = norm(x, model->norm_gain, model->norm_bias);
    Tensor *words = use_tensor(tensor_swap_last_axes(model->word_embedding));
    Tensor *logits = use_tensor(tensor_matmul(final, words));
    tensor_free(x);
    tensor_free(final);
    tensor_free(words);
    return logits;
}

int transformer_find(const Transformer *model, const char *word)
{
    for (int i = 0; i < model->words; i++) {
        if (strcmp(model->vocabulary[i], word) == 0)
            return i;
    }
    return -1;
}

/* ---- the file -------------------------------------------------------------------------------- */

/* A new matrix of the model, or a vector if it has no columns, listed in the order of the file. */
static Tensor *new_tensor(Transformer *model, int rows, int columns)
{
    Tensor *tensor = use_tensor(tensor_create(columns > 0 ? 2 : 1, (int[]){rows, columns}));
    model->tensors[model->tensor_count++] = tensor;
    return tensor;
}

static void create_layer(Transformer *model, Layer *layer)
{
    int d = model->d_model, hidden = model->hidden;
    layer->norm_1_gain = new_tensor(model, d, 0);
    layer->norm_1_bias = new_tensor(model, d, 0);
    layer->W_q = new_tensor(model, d, d);
    layer->W_k = new_tensor(model, d, d);
    layer->W_v = new_tensor(model, d, d);
    layer->W_o = new_tensor(model, d, d);
    layer->norm_2_gain = new_tensor(model, d, 0);
    layer->norm_2_bias = new_tensor(model, d, 0);
    layer->W_1 = new_tensor(model, d, hidden);
    layer->b_1 = new_tensor(model, hidden, 0);
    layer->W_2 = new_tensor(model, hidden, d);
    layer->b_2 = new_tensor(model, d, 0);
}

static unsigned checksum_of(unsigned checksum, const void *bytes, size_t size)
{
    for (const unsigned char *byte = bytes; size > 0; byte++, size--)
        checksum = (checksum ^ *byte) * 16777619U;
    return checksum;
}

/* Read the sizes and the words; false if they make no sense. */
static bool read_header(Transformer *model, FILE *file, size_t *numbers, unsigned *checksum)
{
    if (fscanf(file,
               "story.weights 1 words %d positions %d d_model %d heads %d layers %d hidden %d "
               "numbers %zu checksum %u",
               &model->words, &model->positions, &model->d_model, &model->heads, &model->layers,
               &model->hidden, numbers, checksum) != 8)
        return false;
    const int sizes[] = {model->words, model->positions, model->d_model,
                         model->heads, model->layers,    model->hidden};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        if (sizes[i] < 1 || sizes[i] > 10000)
            return false;
    }
    if (model->layers > MAX_LAYERS || model->d_model % model->heads != 0)
        return false;
    model->vocabulary = calloc((size_t)model->words, sizeof *model->vocabulary);
    if (model->vocabulary == NULL)
        use_stop("There is no memory left.");
    for (int i = 0; i < model->words; i++) {
        if (fscanf(file, "%23s", model->vocabulary[i]) != 1)
            return false;
    }
    return getc(file) == '\n';
}

/* Read the numbers; false if they are not those that were written. */
static bool read_numbers(Transformer *model, FILE *file, size_t numbers, unsigned expected)
{
    float one = 0.0f;
    if (fread(&one, sizeof one, 1, file) != 1 || one != 1.0f)
        return false;
    unsigned checksum = checksum_of(2166136261U, &one, sizeof one);
    for (int i = 0; i < model->tensor_count; i++) {
        const Tensor *tensor = model->tensors[i];
        if (fread(tensor->data, sizeof(float), tensor->size, file) != tensor->size)
            return false;
        checksum = checksum_of(checksum, tensor->data, tensor->size * sizeof(float));
        numbers -= tensor->size;
    }
    return numbers == 0 && checksum == expected && getc(file) == EOF;
}

Transformer *transformer_load(const char *path)
{
    size_t numbers;
    unsigned checksum;
    FILE *file = fopen(path, "rb");
    if (file == NULL)
        use_stop("There is no file '%s'.", path);
    Transformer *model = calloc(1, sizeof *model);
    if (model == NULL)
        use_stop("There is no memory left.");
    if (!read_header(model, file, &numbers, &checksum))
        use_stop("'%s' is not a file of weights.", path);
    model->word_embedding = new_tensor(model, model->words, model->d_model);
    model->place_embedding = new_tensor(model, model->positions, model->d_model);
    for (int i = 0; i < model->layers; i++)
        create_layer(model, &model->layer[i]);
    model->norm_gain = new_tensor(model, model->d_model, 0);
    model->norm_bias = new_tensor(model, model->d_model, 0);
    if (!read_numbers(model, file, numbers, checksum))
        use_stop("'%s' is damaged: take it from the kit again.", path);
    fclose(file);
    return model;
}

void transformer_free(Transformer *model)
{
    for (int i = 0; i < model->tensor_count; i++)
        tensor_free(model->tensors[i]);
    free(model->vocabulary);
    free(model);
}
