/* heatmap.c: the panels of a picture, and their drawing in a terminal; see heatmap.h. */
#include "commands/heatmap.h"

#include <math.h>

#include "wire/reply.h"

#define BAR_COLUMNS 40 /* of a bar for a weight of 1 */

/* ---- panels ---------------------------------------------------------------------------------- */

static void panel_free(PicturePanel *panel)
{
    tensor_free(panel->weights);
    g_free(panel);
}

static gboolean is_causal(const Tensor *mask)
{
    gboolean is_triangle = mask->ndim == 2;
    for (int row = 0; is_triangle && row < mask->shape[0]; row++)
        for (int column = 0; column < mask->shape[1]; column++)
            is_triangle =
                is_triangle && (mask->data[row * mask->shape[1] + column] != 0) == (column <= row);
    return is_triangle;
}

static const char *title_of(const Tensor *mask)
{
    return mask == NULL ? "full" : is_causal(mask) ? "causal" : "masked";
}

/* What kind of attention a call asked for, by its argument "mask". */
static const char *find_title(const LoggedCall *call, const ApiFunction *function)
{
    WireReader reader = wire_reader(call->payload, call->request.length);
    WireArgument arguments[API_MAX_PARAMETERS];
    wire_get_arguments(&reader, function, arguments);
    const Tensor *mask = NULL;
    for (guint i = 0; i < function->count; i++)
        if (g_str_equal(function->parameters[i].name, "mask"))
            mask = arguments[i].tensor;
    const char *title = title_of(mask);
    wire_release_arguments(arguments, function->count);
    return title;
}

static gboolean is_drawable(const Tensor *weights)
{
    return weights != NULL && weights->ndim == 2 && weights->shape[0] <= PICTURE_LIMIT &&
           weights->shape[1] <= PICTURE_LIMIT;
}

/* The panel of a call; NULL if it computed no weights, or none that can be drawn. */
static PicturePanel *panel_new(const LoggedCall *call)
{
    const ApiFunction *function = api_function(call->request.kind);
    if (function == NULL || function->gives != API_GIVES_ATTENTION || !call->answered ||
        call->reply.status != WIRE_OK)
        return NULL;
    WireReader reader = wire_reader(call->answer, call->reply.length);
    Reply reply = reply_read(&reader, function);
    PicturePanel *panel = NULL;
    if (is_drawable(reply.tensors[1])) {
        panel = g_new(PicturePanel, 1);
        panel->title = find_title(call, function);
        panel->weights = g_steal_pointer(&reply.tensors[1]);
    }
    reply_release(&reply);
    return panel;
}

GPtrArray *picture_panels(const CallLog *log)
{
    GPtrArray *panels = g_ptr_array_new_with_free_func((GDestroyNotify)panel_free);
    for (guint i = 0; i < log->calls->len; i++) {
        PicturePanel *panel = panel_new(call_log_get(log, i));
        if (panel != NULL)
            g_ptr_array_add(panels, panel);
    }
    return panels;
}

/* ---- in a terminal --------------------------------------------------------------------------- */

/* How full a cell is; '?' for what is no weight. */
static const char *shade(float weight, gboolean blocks)
{
    static const char *const drawn[] = {" ", "░", "▒", "▓", "█"};
    static const char *const ascii[] = {" ", ".", ":", "*", "#"};
    if (!(weight >= 0 && weight <= 1.001f))
        return "?";
    guint level = weight == 0 ? 0 : 1 + (guint)MIN(weight * 4, 3);
    return blocks ? drawn[level] : ascii[level];
}

static void matrix(GString *out, const PicturePanel *panel, gboolean blocks)
{
    const Tensor *weights = panel->weights;
    int keys = weights->shape[1];
    g_string_append_printf(out, "%s\n  query\\key", panel->title);
    for (int key = 0; key < keys; key++)
        g_string_append_printf(out, "%*d", key == 0 ? 2 : 8, key);
    for (int query = 0; query < weights->shape[0]; query++) {
        g_string_append_printf(out, "\n  %9d ", query);
        for (int key = 0; key < keys; key++) {
            float weight = weights->data[query * keys + key];
            const char *cell = shade(weight, blocks);
            g_string_append_printf(out, "%s%s%s %.2f", key == 0 ? "" : " ", cell, cell,
                                   (double)weight);
        }
    }
    g_string_append(out, "\n\n");
}

static void bars(GString *out, const PicturePanel *panel, int query, gboolean blocks)
{
    int keys = panel->weights->shape[1];
    g_string_append_printf(out, "position %d attends to, %s\n", query, panel->title);
    for (int key = 0; key < keys; key++) {
        float weight = panel->weights->data[query * keys + key];
        int length = weight >= 0 && weight <= 1.001f ? (int)lroundf(weight * BAR_COLUMNS) : 0;
        g_string_append_printf(out, "  %2d ", key);
        for (int i = 0; i < length; i++)
            g_string_append(out, blocks ? "█" : "#");
        g_string_append_printf(out, "%s%.2f\n", length > 0 ? " " : "", (double)weight);
    }
    g_string_append_c(out, '\n');
}

char *picture_text(const GPtrArray *panels, gboolean blocks)
{
    GString *out = g_string_new(NULL);
    for (guint i = 0; i < panels->len; i++)
        matrix(out, panels->pdata[i], blocks);
    const PicturePanel *first = panels->pdata[0];
    bars(out, first, 0, blocks);
    if (first->weights->shape[0] > 1)
        bars(out, first, first->weights->shape[0] - 1, blocks);
    g_string_truncate(out, out->len - 1);
    return g_string_free(out, FALSE);
}
