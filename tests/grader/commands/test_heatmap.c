/* Pictures of attention weights; what they look like is in tests/grader/golden/pictures/. */
#include <criterion/criterion.h>
#include <glib/gstdio.h>
#include <math.h>
#include <string.h>

#include "commands/heatmap.h"

static void expect_golden(const char *picture, const char *name)
{
    g_autofree char *path = g_strdup_printf("tests/grader/golden/pictures/%s", name);
    g_autofree char *expected = NULL;
    cr_assert(g_file_get_contents(path, &expected, NULL, NULL), "%s is missing", path);
    cr_expect_str_eq(picture, expected, "%s: expected\n%s\ngot\n%s", path, expected, picture);
}

static Tensor *square(int size, const float *elements)
{
    Tensor *tensor = tensor_create(2, (int[]){size, size});
    memcpy(tensor->data, elements, tensor->size * sizeof *elements);
    return tensor;
}

static void add_message(GByteArray *log, guint kind, const WireBuffer *payload)
{
    WireHeader header = {
        .magic = WIRE_MAGIC, .kind = (guint16)kind, .length = (guint32)payload->length};
    g_byte_array_append(log, (const guint8 *)&header, sizeof header);
    g_byte_array_append(log, payload->bytes, (guint)payload->length);
}

/* A call of self_attention_forward() that gave these weights, with or without a mask. */
static void add_call(GByteArray *log, const Tensor *weights, const Tensor *mask)
{
    WireBuffer request = {0}, reply = {0};
    wire_put_u32(&request, 1);
    wire_put_tensor(&request, weights);
    wire_put_tensor(&request, mask);
    wire_put_tensor(&reply, weights);
    wire_put_tensor(&reply, weights);
    wire_put_tensor(&reply, weights);
    wire_put_tensor(&reply, mask);
    add_message(log, API_self_attention_forward, &request);
    add_message(log, API_self_attention_forward, &reply);
    wire_buffer_release(&request);
    wire_buffer_release(&reply);
}

static GPtrArray *read_panels(const GByteArray *bytes)
{
    g_autofree char *path = NULL;
    int fd = g_file_open_tmp("picture-XXXXXX", &path, NULL);
    cr_assert(wire_write_all(fd, bytes->data, bytes->len));
    g_autoptr(CallLog) calls = call_log_read(path, NULL);
    cr_assert_not_null(calls);
    g_unlink(path);
    return picture_panels(calls);
}

static GPtrArray *module_panels(void)
{
    g_autoptr(GByteArray) log = g_byte_array_new();
    Tensor *full = square(2, (float[]){0.75f, 0.25f, 0.4f, 0.6f});
    Tensor *causal = square(2, (float[]){1, 0, 0.4f, 0.6f});
    Tensor *mask = square(2, (float[]){1, 0, 1, 1});
    add_call(log, full, NULL);
    add_call(log, causal, mask);
    tensor_free(full);
    tensor_free(causal);
    tensor_free(mask);
    return read_panels(log);
}

Test(picture, finds_the_weights_of_each_call)
{
    g_autoptr(GPtrArray) panels = module_panels();
    cr_assert_eq(panels->len, 2);
    const PicturePanel *full = panels->pdata[0], *causal = panels->pdata[1];
    cr_assert_str_eq(full->title, "full");
    cr_assert_str_eq(causal->title, "causal");
    cr_assert_eq(causal->weights->data[1], 0);
}

Test(picture, another_mask_is_not_causal)
{
    g_autoptr(GByteArray) log = g_byte_array_new();
    Tensor *weights = square(2, (float[]){0, 1, 1, 0});
    add_call(log, weights, weights);
    tensor_free(weights);
    g_autoptr(GPtrArray) panels = read_panels(log);
    cr_assert_str_eq(((const PicturePanel *)panels->pdata[0])->title, "masked");
}

/* Its request has the mask elsewhere than that of self_attention_forward(). */
Test(picture, finds_the_mask_of_each_function)
{
    g_autoptr(GByteArray) log = g_byte_array_new();
    WireBuffer request = {0}, reply = {0};
    Tensor *mask = square(2, (float[]){1, 0, 0, 1});
    wire_put_tensor(&request, mask);
    wire_put_same(&request, 0);
    wire_put_same(&request, 0);
    wire_put_tensor(&request, mask);
    for (int i = 0; i < 6; i++)
        wire_put_tensor(&reply, mask);
    add_message(log, API_scaled_dot_product_attention, &request);
    add_message(log, API_scaled_dot_product_attention, &reply);
    wire_buffer_release(&request);
    wire_buffer_release(&reply);
    tensor_free(mask);
    g_autoptr(GPtrArray) panels = read_panels(log);
    cr_assert_eq(panels->len, 1);
    cr_assert_str_eq(((const PicturePanel *)panels->pdata[0])->title, "masked");
}

Test(picture, draws_what_is_small_enough_only)
{
    g_autoptr(GByteArray) log = g_byte_array_new();
    Tensor *large = tensor_create(2, (int[]){PICTURE_LIMIT + 1, 2});
    Tensor *batch = tensor_create(3, (int[]){1, 2, 2});
    add_call(log, large, NULL);
    add_call(log, batch, NULL);
    tensor_free(large);
    tensor_free(batch);
    g_autoptr(GPtrArray) panels = read_panels(log);
    cr_assert_eq(panels->len, 0);
}

Test(picture, looks_as_wished)
{
    g_autoptr(GPtrArray) panels = module_panels();
    g_autofree char *svg = picture_svg(panels);
    g_autofree char *blocks = picture_text(panels, TRUE);
    g_autofree char *ascii = picture_text(panels, FALSE);
    expect_golden(svg, "module.svg");
    expect_golden(blocks, "module.txt");
    expect_golden(ascii, "module.ascii");
}

Test(picture, shows_what_is_no_weight)
{
    g_autoptr(GByteArray) log = g_byte_array_new();
    Tensor *weights = square(2, (float[]){NAN, INFINITY, -1, 3});
    add_call(log, weights, NULL);
    tensor_free(weights);
    g_autoptr(GPtrArray) panels = read_panels(log);
    g_autofree char *svg = picture_svg(panels);
    g_autofree char *text = picture_text(panels, FALSE);
    g_auto(GStrv) red = g_strsplit(svg, "#d62728", -1);
    cr_assert_eq(g_strv_length(red), 5);
    cr_assert_not_null(strstr(text, "?? nan ?? inf"), "%s", text);
}
