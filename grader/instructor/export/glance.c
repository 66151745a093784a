/* glance.c: see glance.h. */
#include "instructor/export/glance.h"

#include <math.h>
#include <string.h>

#include "base/escape.h"
#include "base/wrap.h"
#include "result/words.h"

enum { BINS = 10, MOST_SHOWN = 5, LOOKS_SHOWN = 30, LOOK_BYTES = 400, BAR = 30 };

typedef struct {
    char *title;
    double points, max;
    guint full;
} ItemSum;

struct Glance {
    guint students, with_grade, ungraded, absent, waiting;
    guint with_result; /* students whose items are summed up */
    GArray *scores;    /* double */
    double max_score;
    GPtrArray *items;                     /* ItemSum *, in rubric order */
    GHashTable *tests, *memory, *compile; /* char * -> count of students */
    GPtrArray *urgent, *looks;            /* char *, escaped */
};

/* ---- gathering ------------------------------------------------------------------------------- */

static void item_sum_free(ItemSum *sum)
{
    g_free(sum->title);
    g_free(sum);
}

Glance *glance_new(void)
{
    Glance *glance = g_new0(Glance, 1);
    glance->scores = g_array_new(FALSE, FALSE, sizeof(double));
    glance->items = g_ptr_array_new_with_free_func((GDestroyNotify)item_sum_free);
    glance->tests = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    glance->memory = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    glance->compile = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    glance->urgent = g_ptr_array_new_with_free_func(g_free);
    glance->looks = g_ptr_array_new_with_free_func(g_free);
    return glance;
}

void glance_free(Glance *glance)
{
    g_array_unref(glance->scores);
    g_ptr_array_unref(glance->items);
    g_hash_table_unref(glance->tests);
    g_hash_table_unref(glance->memory);
    g_hash_table_unref(glance->compile);
    g_ptr_array_unref(glance->urgent);
    g_ptr_array_unref(glance->looks);
    g_free(glance);
}

/* Count one more student for the text, which is then the table's. */
static void count(GHashTable *table, char *text)
{
    guint before = GPOINTER_TO_UINT(g_hash_table_lookup(table, text));
    g_hash_table_replace(table, text, GUINT_TO_POINTER(before + 1));
}

static void add_item(Glance *glance, guint index, const ItemResult *item)
{
    if (index >= glance->items->len) {
        ItemSum *new = g_new0(ItemSum, 1);
        new->title = g_strdup(item->title != NULL ? item->title : item->id);
        g_ptr_array_add(glance->items, new);
    }
    ItemSum *sum = glance->items->pdata[index];
    sum->points += item->points;
    sum->max = item->max_points;
    sum->full += item->points >= item->max_points;
    for (guint i = 0; i < item->tests->len; i++) {
        const TestResult *test = item->tests->pdata[i];
        const char *title = test->title != NULL ? test->title : test->name;
        if (words_is_failure(test) && !test_is_unwritten(test))
            count(glance->tests, g_strdup_printf("%s (%s)", title, sum->title));
    }
}

/* Count "leak in softmax" once for a submission, however often it was found. */
static void add_memory(Glance *glance, const Result *result)
{
    g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    for (guint i = 0; i < result->items->len; i++) {
        const ItemResult *item = result->items->pdata[i];
        for (guint k = 0; k < item->memory->len; k++) {
            const MemoryFinding *finding = item->memory->pdata[k];
            g_autofree char *kind = g_strdelimit(g_strdup(finding->kind), "_", ' ');
            char *text = g_strdup_printf("%s%s%s", kind, finding->function != NULL ? " in " : "",
                                         finding->function != NULL ? finding->function : "");
            if (g_hash_table_add(seen, g_strdup(text)))
                count(glance->memory, text);
            else
                g_free(text);
        }
    }
}

static const char *first_error(const Result *result)
{
    for (guint i = 0; i < result->diagnostics->len; i++) {
        const Diagnostic *diagnostic = result->diagnostics->pdata[i];
        if (strcmp(diagnostic->severity, "error") == 0)
            return diagnostic->message;
    }
    return NULL;
}

/* Names in an error are left out: 'x' undeclared and 'y' undeclared are one mistake. */
static void add_compile(Glance *glance, const Result *result)
{
    const char *message = first_error(result);
    if (message == NULL)
        return;
    g_autoptr(GRegex) names = g_regex_new("'[A-Za-z_][^']*'", 0, 0, NULL);
    char *text = g_regex_replace_literal(names, message, -1, 0, "'...'", 0, NULL);
    count(glance->compile, text != NULL ? text : g_strdup(message));
}

static const TestResult *find_test(const Result *result, TestStatus status)
{
    for (guint i = 0; i < result->items->len; i++) {
        const ItemResult *item = result->items->pdata[i];
        for (guint k = 0; k < item->tests->len; k++)
            if (((const TestResult *)item->tests->pdata[k])->status == status)
                return item->tests->pdata[k];
    }
    return NULL;
}

char *glance_reason(const Result *result)
{
    const char *reason = result->reason != NULL ? result->reason : "no reason is known";
    const char *message = first_error(result);
    const TestResult *slow = find_test(result, TEST_TIMED_OUT);
    switch (result->status) {
    case SUBMISSION_NOT_COMPILED:
        return g_strdup_printf("does not compile: %s", message != NULL          ? message
                                                       : result->reason != NULL ? result->reason
                                                                                : "");
    case SUBMISSION_REFUSED:
        return g_strdup_printf("refused: %s", reason);
    case SUBMISSION_MISSING:
        return g_strdup_printf("missing: %s", reason);
    case SUBMISSION_UNGRADED:
        return g_strdup_printf("ungraded: %s", reason);
    case SUBMISSION_GRADED:
        break;
    }
    if (slow != NULL)
        return g_strdup_printf("timed out: %s", slow->title != NULL ? slow->title : slow->name);
    if (result->memory_state != NULL && !g_str_equal(result->memory_state, "checked"))
        return g_strdup_printf("memory %s", result->memory_state);
    return NULL;
}

void glance_look(Glance *glance, const char *line)
{
    g_ptr_array_add(glance->looks, escape_text(line, -1, LOOK_BYTES, FALSE));
}

/* Faults of the grader, and possible attempts to cheat, come first. */
static gboolean is_urgent(const Result *result)
{
    return result->status == SUBMISSION_UNGRADED || result->status == SUBMISSION_REFUSED ||
           (result->memory_state != NULL && g_str_has_prefix(result->memory_state, "tampered"));
}

void glance_add(Glance *glance, const Grade *grade, const Result *result)
{
    glance->students++;
    glance->max_score = grade->max_score;
    if (grade->graded) {
        glance->with_grade++;
        g_array_append_val(glance->scores, grade->final);
    } else if (result != NULL) {
        glance->ungraded++;
    } else {
        *(g_str_equal(grade->status, "waiting") ? &glance->waiting : &glance->absent) += 1;
    }
    if (result == NULL)
        return;
    g_autofree char *reason = glance_reason(result);
    g_autofree char *line = reason != NULL ? g_strdup_printf("%s: %s", grade->name, reason) : NULL;
    if (line != NULL && is_urgent(result))
        g_ptr_array_add(glance->urgent, escape_text(line, -1, LOOK_BYTES, FALSE));
    else if (line != NULL)
        glance_look(glance, line);
    if (result->status == SUBMISSION_UNGRADED)
        return;
    glance->with_result++;
    for (guint i = 0; i < result->items->len; i++)
        add_item(glance, i, result->items->pdata[i]);
    add_memory(glance, result);
    add_compile(glance, result);
}

/* ---- telling --------------------------------------------------------------------------------- */

static void heading(GString *out, gboolean colour, const char *text)
{
    g_string_append_printf(out, "\n%s%s%s\n", colour ? "\x1b[1m" : "", text,
                           colour ? "\x1b[0m" : "");
}

static void bar(GString *out, double share, guint width)
{
    guint filled = (guint)(share * width + 0.5);
    for (guint i = 0; i < filled; i++)
        g_string_append_c(out, '#');
}

static gint compare_scores(gconstpointer a, gconstpointer b)
{
    double left = *(const double *)a, right = *(const double *)b;
    return (left > right) - (left < right);
}

static double score_at(const Glance *glance, guint index)
{
    return g_array_index(glance->scores, double, index);
}

static void append_summary(const Glance *glance, GString *out)
{
    guint n = glance->scores->len;
    g_string_append_printf(out, "%u student%s", glance->students, glance->students == 1 ? "" : "s");
    if (glance->absent > 0)
        g_string_append_printf(out, ", %u handed in nothing", glance->absent);
    if (glance->waiting > 0)
        g_string_append_printf(out, ", %u not graded yet", glance->waiting);
    if (glance->ungraded > 0)
        g_string_append_printf(out, ", %u ungraded", glance->ungraded);
    double sum = 0;
    for (guint i = 0; i < n; i++)
        sum += score_at(glance, i);
    if (n > 0) {
        double median = (score_at(glance, (n - 1) / 2) + score_at(glance, n / 2)) / 2;
        g_autofree char *middle = words_points(median), *max = words_points(glance->max_score);
        g_autofree char *least = words_points(score_at(glance, 0));
        g_autofree char *most = words_points(score_at(glance, n - 1));
        g_string_append_printf(out, "; of %s points: mean %.1f, median %s, from %s to %s", max,
                               sum / n, middle, least, most);
    }
    g_string_append_c(out, '\n');
}

static void append_distribution(const Glance *glance, gboolean colour, GString *out)
{
    guint bins[BINS] = {0}, most = 1;
    if (glance->scores->len == 0 || glance->max_score <= 0)
        return;
    for (guint i = 0; i < glance->scores->len; i++) {
        double share = score_at(glance, i) / glance->max_score;
        guint bin = share >= 1 ? BINS - 1 : (guint)(share * BINS);
        bins[bin]++;
        most = MAX(most, bins[bin]);
    }
    heading(out, colour, "distribution");
    for (guint i = BINS; i > 0; i--) {
        double from = glance->max_score * (i - 1) / BINS;
        g_string_append_printf(out, "  from %5.4g  %4u%s", from, bins[i - 1],
                               bins[i - 1] > 0 ? "  " : "");
        bar(out, (double)bins[i - 1] / most, BAR + 15);
        g_string_append_c(out, '\n');
    }
}

static void append_items(const Glance *glance, gboolean colour, GString *out)
{
    if (glance->with_result == 0)
        return;
    heading(out, colour, "points per item                     mean  full marks");
    for (guint i = 0; i < glance->items->len; i++) {
        const ItemSum *sum = glance->items->pdata[i];
        double mean = sum->points / glance->with_result;
        gsize start = out->len;
        g_autofree char *title = escape_text(sum->title, -1, 30, FALSE);
        g_autofree char *max = words_points(sum->max);
        g_string_append_printf(out, "  %u  %s", i + 1, title);
        wrap_pad(out, start, 35);
        g_string_append_printf(out, " %4.1f/%-3s %5u  ", mean, max, sum->full);
        bar(out, sum->max > 0 ? mean / sum->max : 0, BAR);
        g_string_append_c(out, '\n');
    }
}

typedef struct {
    const char *text;
    guint count;
} Counted;

static gint compare_counted(gconstpointer a, gconstpointer b)
{
    const Counted *left = a, *right = b;
    if (left->count != right->count)
        return left->count > right->count ? -1 : 1;
    return strcmp(left->text, right->text);
}

static void append_most(GHashTable *table, const char *title, gboolean colour, GString *out)
{
    g_autoptr(GArray) all = g_array_new(FALSE, FALSE, sizeof(Counted));
    GHashTableIter iter;
    gpointer text, number;
    if (g_hash_table_size(table) == 0)
        return;
    g_hash_table_iter_init(&iter, table);
    while (g_hash_table_iter_next(&iter, &text, &number)) {
        Counted each = {text, GPOINTER_TO_UINT(number)};
        g_array_append_val(all, each);
    }
    g_array_sort(all, compare_counted);
    heading(out, colour, title);
    for (guint i = 0; i < MIN(all->len, MOST_SHOWN); i++) {
        const Counted *each = &g_array_index(all, Counted, i);
        g_autofree char *safe = escape_text(each->text, -1, 300, FALSE);
        g_string_append_printf(out, "  %4u  ", each->count);
        wrap_cut(out, 8, safe);
        g_string_append_c(out, '\n');
    }
}

static void append_looks(const Glance *glance, gboolean colour, GString *out)
{
    guint urgent = glance->urgent->len, all = urgent + glance->looks->len;
    if (all == 0)
        return;
    heading(out, colour, "needs a look");
    for (guint i = 0; i < MIN(all, LOOKS_SHOWN); i++) {
        g_string_append(out, "  ");
        wrap_text(out, 2, 4,
                  i < urgent ? glance->urgent->pdata[i] : glance->looks->pdata[i - urgent]);
        g_string_append_c(out, '\n');
    }
    if (all > LOOKS_SHOWN)
        g_string_append_printf(out, "  ... and %u more\n", all - LOOKS_SHOWN);
}

void glance_append(const Glance *glance, gboolean colour, GString *out)
{
    g_array_sort(glance->scores, compare_scores);
    append_summary(glance, out);
    append_distribution(glance, colour, out);
    append_items(glance, colour, out);
    append_most(glance->tests, "hidden tests failed most", colour, out);
    append_most(glance->memory, "memory errors seen most", colour, out);
    append_most(glance->compile, "compile errors seen most", colour, out);
    append_looks(glance, colour, out);
}
