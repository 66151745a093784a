/* heatmap_svg.c: the panels of a picture as an SVG document; see heatmap.h. */
#include <math.h>

#include "commands/heatmap.h"

/* In pixels: a cell, what is around a panel, and the room of a bar chart. */
enum { CELL = 56, MARGIN = 64, GAP = 40, BARS = 140 };

/* A weight to a blue between almost white and dark; red for what is no weight. */
static void append_colour(GString *out, float weight)
{
    static const double light[] = {247, 251, 255}, dark[] = {8, 48, 107};
    if (!(weight >= 0 && weight <= 1.001f)) {
        g_string_append(out, "#d62728");
        return;
    }
    double part = MIN((double)weight, 1);
    g_string_append_c(out, '#');
    for (int i = 0; i < 3; i++)
        g_string_append_printf(out, "%02x", (int)lround(light[i] + part * (dark[i] - light[i])));
}

static void text(GString *out, int x, int y, const char *style, const char *format, ...)
    G_GNUC_PRINTF(5, 6);

static void text(GString *out, int x, int y, const char *style, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    g_string_append_printf(out, "<text x=\"%d\" y=\"%d\" class=\"%s\">", x, y, style);
    g_string_append_vprintf(out, format, arguments);
    g_string_append(out, "</text>\n");
    va_end(arguments);
}

static void cell(GString *out, int x, int y, float weight)
{
    g_string_append_printf(out, "<rect x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" fill=\"", x, y,
                           CELL, CELL);
    append_colour(out, weight);
    g_string_append(out, "\"/>\n");
    text(out, x + CELL / 2, y + CELL / 2 + 5, weight > 0.5f ? "value light" : "value", "%.2f",
         (double)weight);
}

static int panel_width(const PicturePanel *panel)
{
    return MARGIN + panel->weights->shape[1] * CELL;
}

/* Title, numbers of queries and keys, cells. `x` is its left end. */
static void heat_map(GString *out, const PicturePanel *panel, int x)
{
    int queries = panel->weights->shape[0], keys = panel->weights->shape[1];
    int left = x + MARGIN, top = MARGIN + GAP;
    text(out, left + keys * CELL / 2, MARGIN / 2, "title", "attention weights, %s", panel->title);
    text(out, left + keys * CELL / 2, MARGIN + GAP / 4, "label", "key");
    g_string_append_printf(out,
                           "<text class=\"label\" transform=\"translate(%d %d) rotate(-90)\">"
                           "query</text>\n",
                           x + MARGIN / 3, top + queries * CELL / 2);
    for (int key = 0; key < keys; key++)
        text(out, left + key * CELL + CELL / 2, top - 8, "label", "%d", key);
    for (int query = 0; query < queries; query++) {
        text(out, left - 14, top + query * CELL + CELL / 2 + 5, "label", "%d", query);
        for (int key = 0; key < keys; key++)
            cell(out, left + key * CELL, top + query * CELL,
                 panel->weights->data[query * keys + key]);
    }
}

static float largest_weight(const Tensor *weights)
{
    float largest = 0;
    for (size_t i = 0; i < weights->size; i++)
        largest = fmaxf(largest, fminf(weights->data[i], 1));
    return largest;
}

/* How one position spreads its attention over the keys, as columns on a common line. */
static void bar_chart(GString *out, const PicturePanel *panel, int query, int x, int y)
{
    int keys = panel->weights->shape[1], left = x + MARGIN, base = y + GAP + BARS;
    float largest = largest_weight(panel->weights);
    text(out, left + keys * CELL / 2, y + 10, "title", "position %d attends to, %s", query,
         panel->title);
    for (int key = 0; key < keys; key++) {
        float weight = panel->weights->data[query * keys + key];
        int height = weight > 0 && weight <= 1.001f ? (int)lroundf(weight / largest * BARS) : 0;
        g_string_append_printf(out,
                               "<rect x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" class=\"bar\"/>"
                               "\n",
                               left + key * CELL + 8, base - height, CELL - 16, height);
        text(out, left + key * CELL + CELL / 2, base - height - 6, "value", "%.2f", (double)weight);
        text(out, left + key * CELL + CELL / 2, base + 18, "label", "%d", key);
    }
    g_string_append_printf(out, "<path d=\"M%d %dh%d\" stroke=\"#333\"/>\n", left, base,
                           keys * CELL);
}

static void head(GString *out, int width, int height)
{
    g_string_append_printf(out,
                           "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" "
                           "viewBox=\"0 0 %d %d\">\n",
                           width, height, width, height);
    g_string_append(out, "<style>text { font: 14px sans-serif; text-anchor: middle; fill: #333 }\n"
                         ".title { font-weight: bold } .light { fill: #fff }\n"
                         ".bar { fill: #2171b5 } rect { stroke: #ccc }</style>\n"
                         "<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n");
}

char *picture_svg(const GPtrArray *panels)
{
    const PicturePanel *first = panels->pdata[0];
    int rows = first->weights->shape[0];
    int width = GAP, tallest = 0, x = 0;
    for (guint i = 0; i < panels->len; i++) {
        width += panel_width(panels->pdata[i]);
        tallest = MAX(tallest, ((const PicturePanel *)panels->pdata[i])->weights->shape[0]);
    }
    width = MAX(width, GAP + MIN(rows, 2) * panel_width(first));
    int charts = MARGIN + GAP + tallest * CELL + GAP;
    GString *out = g_string_new(NULL);
    head(out, width, charts + GAP + BARS + GAP);
    for (guint i = 0; i < panels->len; i++) {
        heat_map(out, panels->pdata[i], x);
        x += panel_width(panels->pdata[i]);
    }
    bar_chart(out, first, 0, 0, charts);
    if (rows > 1)
        bar_chart(out, first, rows - 1, panel_width(first), charts);
    g_string_append(out, "</svg>\n");
    return g_string_free(out, FALSE);
}
