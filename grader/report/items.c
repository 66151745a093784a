/* items.c: see items.h. */
#include "report/items.h"

#include <string.h>

#include "base/escape.h"
#include "base/wrap.h"
#include "result/words.h"

#define FAILURES_SHOWN 6 /* of one item; the first of them in full */
#define TITLE_COLUMNS 30 /* that titles of tests are padded to at most */

/* One item while it is reported. */
typedef struct {
    const ItemResult *item;
    GHashTable *said;     /* hints, causes and prints, which are not repeated within the item */
    GHashTable *messages; /* of the tests that were reported in full */
    guint title_columns;
    guint failures;             /* how many tests were reported in full */
    gboolean unwritten;         /* only tests of what is not written yet are left */
    gboolean unwritten_in_full; /* the first of them is reported in full */
    GString *same;              /* titles of the tests that would repeat what was said */
} ItemReport;

/* ---- what is said about one test ------------------------------------------------------------- */

/* TRUE the first time that this item says it. */
static gboolean is_new(ItemReport *each, const char *text)
{
    return text != NULL && g_hash_table_add(each->said, (gpointer)text);
}

static void add_printed(Report *report, const char *text, guint lines_shown)
{
    g_autofree char *safe = escape_text(text, -1, 4000, TRUE);
    g_auto(GStrv) lines = g_strsplit(g_strchomp(safe), "\n", -1);
    report_add_paragraph(report, COLUMN_BODY, PLAIN, "", COLUMN_BODY, "your code printed:");
    guint n = g_strv_length(lines);
    guint shown = n > lines_shown ? lines_shown - 1 : n;
    for (guint i = 0; i < shown; i++) {
        g_string_append_printf(report->out, "%*s| ", COLUMN_BODY, "");
        wrap_cut(report->out, COLUMN_BODY + 2, lines[i]);
        g_string_append_c(report->out, '\n');
    }
    if (shown < n)
        g_string_append_printf(report->out, "%*s| ... and %u more lines\n", COLUMN_BODY, "",
                               n - shown);
}

/* The command that does `verb` ("debug", "memcheck") with the calls of a test. */
static char *command_for(const Report *report, const char *verb, const char *item, const char *test)
{
    g_auto(GStrv) parts = g_strsplit(report->style->repeat, "%s", 3);
    if (g_strv_length(parts) != 3)
        return g_strdup(report->style->repeat);
    g_autofree char *command =
        g_strconcat(parts[0], verb, parts[1], item, "/", test, parts[2], NULL);
    return escape_text(command, -1, 400, FALSE);
}

/* A command is for copying: it is never broken, and moves left if it must. */
static void add_command(Report *report, const char *label, const char *verb, const ItemReport *each,
                        const char *test)
{
    if (report->style->repeat == NULL)
        return;
    g_autofree char *safe = command_for(report, verb, each->item->id, test);
    guint columns = wrap_columns(safe);
    gboolean fits = COLUMN_BODY + strlen(label) + 1 + columns <= WRAP_WIDTH;
    g_string_append_printf(report->out, "%*s", COLUMN_BODY, "");
    report_paint(report, DIM, label);
    if (fits)
        g_string_append_c(report->out, ' ');
    else
        g_string_append_printf(report->out, "\n%*s",
                               columns + COLUMN_BODY <= WRAP_WIDTH
                                   ? COLUMN_BODY
                                   : (int)(WRAP_WIDTH - MIN(columns, WRAP_WIDTH)),
                               "");
    g_string_append(report->out, safe);
    g_string_append_c(report->out, '\n');
}

/* "FAIL title   message" if that fits on a line, else the message below its title. */
static void add_title_and_message(Report *report, const ItemReport *each, const TestResult *test)
{
    gboolean unwritten = test_is_unwritten(test);
    g_autofree char *title = escape_text(words_test_title(test), -1, 200, FALSE);
    g_autofree char *message =
        test->message != NULL ? escape_text(test->message, -1, 1000, FALSE) : g_strdup("");
    guint columns = MAX(wrap_columns(title), each->title_columns) + 2;
    gboolean fits = COLUMN_BODY + columns + wrap_columns(message) <= WRAP_WIDTH;
    if (!fits || *message == '\0') {
        report_add_paragraph(report, COLUMN_TAG, unwritten ? YELLOW : RED,
                             unwritten ? "TODO" : "FAIL", COLUMN_BODY, title);
        if (*message != '\0')
            report_add_paragraph(report, COLUMN_BODY, PLAIN, "", COLUMN_BODY, message);
        return;
    }
    gsize start = 0;
    g_string_append_printf(report->out, "%*s", COLUMN_TAG, "");
    report_paint(report, unwritten ? YELLOW : RED, unwritten ? "TODO" : "FAIL");
    g_string_append_c(report->out, ' ');
    start = report->out->len;
    g_string_append(report->out, title);
    wrap_pad(report->out, start, columns);
    g_string_append_printf(report->out, "%s\n", message);
}

static void add_failure(Report *report, ItemReport *each, const TestResult *test)
{
    gboolean first = each->failures++ == 0;
    add_title_and_message(report, each, test);
    if (test->message != NULL)
        g_hash_table_add(each->messages, test->message);
    if (is_new(each, test->cause))
        report_add_paragraph(report, COLUMN_BODY, YELLOW, "likely cause:", COLUMN_BODY + 2,
                             test->cause);
    if (is_new(each, test->hint))
        report_add_hint(report, test->hint);
    if (is_new(each, test->printed))
        add_printed(report, test->printed, first ? 8 : 4);
    if (first)
        add_command(report, "repeat it:", "debug", each, test->name);
}

/* ---- tests of one item ----------------------------------------------------------------------- */

/* Nothing of the item is there yet: which of its tests say so does not matter. */
static void add_unwritten(Report *report, const Result *result)
{
    const SubmittedFile *file = result->files->len > 0 ? g_ptr_array_index(result->files, 0) : NULL;
    g_autofree char *text =
        g_strdup_printf("not implemented yet: the comments in %s list the steps",
                        file != NULL ? file->name : "the file");
    report_add_paragraph(report, COLUMN_TAG, YELLOW, "TODO", COLUMN_BODY, text);
}

/*
 * Is the title of the test enough, because the rest was said before? Of what is not written yet a
 * message is worth reading only if there is no mistake to mend first.
 */
static gboolean is_same(const ItemReport *each, const TestResult *test)
{
    if (each->unwritten)
        return each->failures > 0;
    return test->message != NULL && g_hash_table_contains(each->messages, test->message) &&
           (test->cause == NULL || g_hash_table_contains(each->said, test->cause));
}

static void add_same(Report *report, ItemReport *each)
{
    if (each->same->len == 0)
        return;
    gboolean in_full = !each->unwritten || each->unwritten_in_full;
    g_string_append(each->same, in_full ? ": the same" : ": not implemented yet");
    report_add_paragraph(report, COLUMN_TAG, each->unwritten ? YELLOW : RED,
                         each->unwritten ? "TODO" : "FAIL", COLUMN_BODY, each->same->str);
    g_string_truncate(each->same, 0);
}

static void begin_unwritten(Report *report, ItemReport *each)
{
    add_same(report, each);
    each->unwritten = TRUE;
    each->unwritten_in_full = each->failures == 0;
}

/* What is not written yet comes last: see words_failures(). */
static void add_failures(Report *report, ItemReport *each)
{
    g_autoptr(GPtrArray) failed = words_failures(each->item);
    if (words_has_only_stubs(each->item)) {
        add_unwritten(report, report->result);
        return;
    }
    guint more = 0;
    for (guint i = 0; i < failed->len; i++) {
        const TestResult *test = g_ptr_array_index(failed, i);
        if (test_is_unwritten(test) && !each->unwritten)
            begin_unwritten(report, each);
        if (is_same(each, test))
            g_string_append_printf(each->same, "%s%s", each->same->len > 0 ? ", " : "",
                                   words_test_title(test));
        else if (each->failures < FAILURES_SHOWN)
            add_failure(report, each, test);
        else
            more++;
    }
    add_same(report, each);
    if (more > 0)
        g_string_append_printf(report->out, "%*s... and %u more %s\n", COLUMN_TAG, "", more,
                               more == 1 ? "test fails" : "tests fail");
}

static void add_skipped(Report *report, const ItemResult *item)
{
    guint count = words_count(item, TEST_SKIPPED);
    for (guint i = 0; i < item->tests->len; i++) {
        const TestResult *test = g_ptr_array_index(item->tests, i);
        if (test->status != TEST_SKIPPED)
            continue;
        g_autofree char *text = g_strdup_printf("%u test%s: %s", count, count == 1 ? "" : "s",
                                                test->message != NULL ? test->message : "not run");
        report_add_paragraph(report, COLUMN_TAG, DIM, "SKIP", COLUMN_BODY, text);
        return;
    }
}

static guint title_columns(const ItemResult *item)
{
    guint columns = 0;
    for (guint i = 0; i < item->tests->len; i++) {
        const TestResult *test = g_ptr_array_index(item->tests, i);
        if (words_is_failure(test))
            columns = MAX(columns, wrap_columns(words_test_title(test)));
    }
    return MIN(columns, TITLE_COLUMNS);
}

/* ---- memory ---------------------------------------------------------------------------------- */

static gboolean same_place(const MemoryFinding *a, const MemoryFinding *b)
{
    return strcmp(a->kind, b->kind) == 0 && g_strcmp0(a->file, b->file) == 0 &&
           a->line == b->line && g_strcmp0(a->function, b->function) == 0;
}

/* Is there such a finding among the first n of the item? */
static gboolean has_same(const ItemResult *item, guint n, const MemoryFinding *finding)
{
    for (guint i = 0; i < n; i++)
        if (same_place(g_ptr_array_index(item->memory, i), finding))
            return TRUE;
    return FALSE;
}

/* Was this reported under an earlier item? Code that several items call is seen in each of them. */
static gboolean is_known(const Report *report, const ItemResult *until,
                         const MemoryFinding *finding)
{
    const GPtrArray *items = report->result->items;
    for (guint i = 0; i < items->len && g_ptr_array_index(items, i) != until; i++) {
        const ItemResult *item = g_ptr_array_index(items, i);
        if (has_same(item, item->memory->len, finding))
            return TRUE;
    }
    return FALSE;
}

static void add_finding(Report *report, ItemReport *each, const MemoryFinding *finding)
{
    g_autofree char *what = words_memory_and_place(finding);
    gboolean has_place = finding->file != NULL || finding->function != NULL;
    gboolean known = has_place && is_known(report, each->item, finding);
    g_autofree char *text = g_strconcat(what, known ? ", as above" : "", NULL);
    report_add_paragraph(report, COLUMN_TAG, RED, "memory", COLUMN_BODY, text);
    if (known)
        return;
    report_add_source(report, finding->line, finding->source);
    if (finding->detail != NULL)
        report_add_paragraph(report, COLUMN_BODY, PLAIN, "", COLUMN_BODY + 2, finding->detail);
    if (is_new(each, finding->hint))
        report_add_hint(report, finding->hint);
    if (finding->tests->len > 0 && strcmp(finding->kind, "crash") != 0)
        add_command(report, "see it:", "memcheck", each, finding->tests->pdata[0]);
}

static void add_findings(Report *report, ItemReport *each)
{
    const GPtrArray *memory = each->item->memory;
    for (guint i = 0; i < memory->len; i++)
        if (!has_same(each->item, i, g_ptr_array_index(memory, i)))
            add_finding(report, each, g_ptr_array_index(memory, i));
    g_autofree char *penalty = words_points(each->item->penalty);
    if (each->item->penalty > 0)
        g_string_append_printf(report->out, "%*smemory errors cost %s point%s\n", COLUMN_TAG, "",
                               penalty, each->item->penalty == 1 ? "" : "s");
}

/* ---- items ----------------------------------------------------------------------------------- */

static void add_tally(Report *report, const ItemResult *item)
{
    guint passed = words_count(item, TEST_PASSED), all = item->tests->len;
    if (all == 0)
        g_string_append(report->out, "not run");
    else if (passed == all)
        g_string_append_printf(report->out, all == 1 ? "its test passes" : "all %u tests pass",
                               all);
    else
        g_string_append_printf(report->out, "%u of %u tests pass", passed, all);
}

static guint item_columns(const Result *result)
{
    guint columns = 0;
    for (guint i = 0; i < result->items->len; i++) {
        const ItemResult *item = g_ptr_array_index(result->items, i);
        columns = MAX(columns, wrap_columns(words_item_title(item)));
    }
    return MIN(columns, 50);
}

static void add_item(Report *report, const ItemResult *item, guint columns)
{
    gboolean full = item->points >= item->max_points;
    report_add_points(report, item->points, item->max_points, full ? GREEN : RED);
    gsize start = report->out->len;
    g_autofree char *title = escape_text(words_item_title(item), -1, 100, FALSE);
    g_string_append_printf(report->out, "%s%s", title, item->extra ? " (extra)" : "");
    if (report->result->status == SUBMISSION_GRADED && report->style->show != DISCLOSE_POINTS) {
        wrap_pad(report->out, start, columns + 2);
        add_tally(report, item);
    }
    g_string_append_c(report->out, '\n');
    g_autoptr(GHashTable) said = g_hash_table_new(g_str_hash, g_str_equal);
    g_autoptr(GHashTable) messages = g_hash_table_new(g_str_hash, g_str_equal);
    g_autoptr(GString) titles = g_string_new(NULL);
    ItemReport each = {.item = item,
                       .said = said,
                       .messages = messages,
                       .title_columns = title_columns(item),
                       .same = titles};
    add_failures(report, &each);
    add_skipped(report, item);
    add_findings(report, &each);
}

void report_add_items(Report *report)
{
    const GPtrArray *items = report->result->items;
    guint columns = item_columns(report->result);
    for (guint i = 0; i < items->len; i++) {
        if (i == 0)
            g_string_append_c(report->out, '\n');
        add_item(report, g_ptr_array_index(items, i), columns);
    }
}
