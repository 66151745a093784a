/* heatmap.c: the panels of a picture, and their drawing in a terminal; see heatmap.h. */
#include "commands/heatmap.h"

#include <math.h>

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

/* What kind of attention a call asked for, by its mask: the last tensor of the request. */
static const char *find_title(const RecordedCall *call)
{
    enum { MOST = 4 };
    WireReader reader = wire_reader(call->payload, call->request.length);
    Tensor *inputs[MOST] = {NULL};
    guint n = call->request.kind == WIRE_ATTENTION ? MOST : 2;
    wire_get_u32(&reader);
    for (guint i = 0; i < n; i++)
        inputs[i] = wire_get_tensor(&reader, inputs, i);
    const Tensor *mask = inputs[n - 1];
    const char *title = mask == NULL ? "full" : is_causal(mask) ? "causal" : "masked";
    g_autoptr(GHashTable) owned =
        g_hash_table_new_full(NULL, NULL, (GDestroyNotify)tensor_free, NULL);
    for (guint i = 0; i < n; i++)
        g_hash_table_add(owned, inputs[i]);
    return title;
}

static gboolean is_drawable(const Tensor *weights)
{
    return weights != NULL && weights->ndim == 2 && weights->shape[0] <= PICTURE_LIMIT &&
           weights->shape[1] <= PICTURE_LIMIT;
}

GPtrArray *picture_panels(const MemoryRecord *record)
{
    GPtrArray *panels = g_ptr_array_new_with_free_func((GDestroyNotify)panel_free);
    for (guint i = 0; i < record->calls->len; i++) {
        const RecordedCall *call = &g_array_index(record->calls, RecordedCall, i);
        guint kind = call->request.kind;
        if ((kind != WIRE_ATTENTION && kind != WIRE_SELF_FORWARD) || !call->answered ||
            call->reply.status != WIRE_OK)
            continue;
        WireReader reader = wire_reader(call->answer, call->reply.length);
        tensor_free(wire_get_tensor(&reader, NULL, 0));
        Tensor *matrix = wire_get_tensor(&reader, NULL, 0);
        if (!is_drawable(matrix)) {
            tensor_free(matrix);
            continue;
        }
        PicturePanel *panel = g_new(PicturePanel, 1);
        panel->title = find_title(call);
        panel->weights = matrix;
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
