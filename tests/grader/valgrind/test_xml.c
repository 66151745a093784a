/* test_xml.c: Valgrind's documents, whole, cut, and strange. */
#include <criterion/criterion.h>
#include <string.h>

#include "memory/finding.h"
#include "valgrind/xml.h"

#define DATA "tests/grader/valgrind/data/"
#define SEEDS "tests/grader/fuzz/valgrind_xml/" /* also the fuzzer starts from them */

static ValgrindDocument *read_text(const char *text)
{
    return valgrind_document_read(text, strlen(text));
}

static char *load(const char *name)
{
    char *text = NULL;
    cr_assert(g_file_get_contents(name, &text, NULL, NULL), "cannot read %s", name);
    return text;
}

static const ValgrindEvent *event_of(const ValgrindDocument *document, guint i)
{
    cr_assert_lt(i, document->events->len, "there are only %u events", document->events->len);
    return document->events->pdata[i];
}

/* ---- what Valgrind writes -------------------------------------------------------------------- */

typedef struct {
    const char *kind, *ours, *message;
    guint line;
    const char *detail;
} Expected;

static const Expected in_errors[] = {
    {NULL, NULL, NULL, 0, NULL},
    {"Leak_DefinitelyLost", "leak", "2016 bytes in 1 block are never freed", 11,
     "called from attention.c:18 in lose"},
    {"InvalidRead", "invalid_read", "reads 1 byte, 2 bytes past the end of a block of 1024 bytes",
     28, "allocated at attention.c:27 in main"},
    {"InvalidWrite", "invalid_write",
     "writes 1 byte of a block of 1024 bytes that was already freed", 30,
     "freed at attention.c:29 in main"},
    {"InvalidFree", "invalid_free", "frees a block of 1024 bytes that was already freed", 31,
     "freed at attention.c:29 in main"},
    {"Overlap", "overlap", "strncpy() copies between blocks that overlap", 33, NULL},
    {"UninitCondition", "uninitialised", "decides by a value that was never set", 34, NULL},
    {"ClientCheck", "uninitialised", "returns elements that were never set", 36,
     "allocated at attention.c:36 in main"},
    {"Leak_DefinitelyLost", "leak", "8 bytes in 1 block are never freed", 34, NULL},
    {"Leak_DefinitelyLost", "leak", "2016 bytes in 1 block are never freed", 11,
     "called from attention.c:18 in lose"},
    {NULL, NULL, NULL, 0, NULL},
};

static void expect_finding(const ValgrindEvent *event, const Expected *expected)
{
    g_autoptr(Source) text = source_load(DATA "attention.c");
    const StudentFile file = {.name = "attention.c", .text = text};
    g_autoptr(MemoryFinding) finding = memory_finding_from_event(event, &file);
    if (expected->kind == NULL) {
        cr_expect_null(finding, "a message is no finding");
        return;
    }
    cr_expect_str_eq(event->kind, expected->kind, "%s", event->kind);
    cr_assert_not_null(finding, "%s is no finding", expected->kind);
    cr_expect_str_eq(finding->kind, expected->ours, "%s", finding->kind);
    cr_expect_str_eq(finding->message, expected->message, "%s", finding->message);
    cr_expect_eq(finding->line, expected->line, "%s: line %u", expected->kind, finding->line);
    cr_expect_eq(g_strcmp0(finding->detail, expected->detail), 0, "%s: %s", expected->kind,
                 finding->detail);
}

Test(valgrind_xml, errors_leaks_and_messages_in_their_order)
{
    g_autofree char *text = load(SEEDS "errors.xml");
    g_autoptr(ValgrindDocument) document = read_text(text);
    cr_expect_null(document->incomplete, "%s", document->incomplete);
    cr_expect_eq(document->pid, 32734, "pid %d", (int)document->pid);
    for (guint i = 0; i < G_N_ELEMENTS(in_errors); i++)
        expect_finding(event_of(document, i), &in_errors[i]);
    cr_expect_str_eq(event_of(document, 0)->text, "<begin> & ]]> \033[31m", "%s",
                     event_of(document, 0)->text);
    for (guint i = G_N_ELEMENTS(in_errors); i < document->events->len; i++) {
        cr_expect(event_of(document, i)->at_exit, "event %u", i);
        expect_finding(event_of(document, i), &in_errors[0]);
    }
}

Test(valgrind_xml, a_signal_ends_the_document_of_a_child)
{
    g_autofree char *text = load(SEEDS "crash.xml");
    g_autoptr(ValgrindDocument) document = read_text(text);
    cr_expect_null(document->incomplete, "%s", document->incomplete);
    expect_finding(event_of(document, 0),
                   &(Expected){"InvalidWrite", "invalid_write",
                               "writes 4 bytes through a null pointer", 40, NULL});
    const ValgrindEvent *signal = event_of(document, 1);
    cr_expect_eq(signal->type, VALGRIND_FATAL_SIGNAL, "type %d", (int)signal->type);
    expect_finding(signal,
                   &(Expected){"SIGSEGV", "crash",
                               "crashes: it uses memory that is not there (SIGSEGV)", 40, NULL});
}

/* ---- what it never writes -------------------------------------------------------------------- */

Test(valgrind_xml, a_document_that_was_cut_is_not_complete)
{
    g_autofree char *text = load(SEEDS "errors.xml");
    const char *end = strstr(text, "</valgrindoutput>");
    gsize whole = (gsize)(end - text) + strlen("</valgrindoutput>");
    for (gsize length = 0; length < whole; length += 13) {
        g_autoptr(ValgrindDocument) document = valgrind_document_read(text, length);
        cr_expect_not_null(document->incomplete, "cut after %zu bytes", length);
    }
    g_autoptr(ValgrindDocument) document = valgrind_document_read(text, whole);
    cr_expect_null(document->incomplete, "%s", document->incomplete);
}

Test(valgrind_xml, what_is_no_document_of_memcheck_is_refused)
{
    static const char *const strange[] = {
        "",
        "nothing",
        "<html/>",
        "<valgrindoutput>",
        "<valgrindoutput/>",
        "<valgrindoutput><pid>7</pid><status><state>FINISHED</state></status></valgrindoutput>",
        "<valgrindoutput><protocoltool>helgrind</protocoltool><pid>7</pid>"
        "<status><state>FINISHED</state></status></valgrindoutput>",
        "<valgrindoutput><protocoltool>memcheck</protocoltool><pid>-7</pid>"
        "<status><state>FINISHED</state></status></valgrindoutput>",
        "<valgrindoutput><protocoltool>memcheck</protocoltool><pid>7</pid>"
        "<status><state>RUNNING</state></status></valgrindoutput>",
        "<a><a><a><a><a><a><a><a><a><a><a><a><a><a><a><a>",
    };
    for (gsize i = 0; i < G_N_ELEMENTS(strange); i++) {
        g_autoptr(ValgrindDocument) document = read_text(strange[i]);
        cr_expect_not_null(document->incomplete, "'%s' is complete", strange[i]);
    }
}

#define BEGIN "<valgrindoutput><protocoltool>memcheck</protocoltool><pid>7</pid>"
#define END "<status><state>FINISHED</state></status></valgrindoutput>"

#define MESSAGE "<clientmsg><text>more</text></clientmsg>"

Test(valgrind_xml, a_forked_process_writes_on_and_closes_its_parents_document)
{
    g_autoptr(ValgrindDocument) document = read_text(BEGIN END MESSAGE END "\n\n");
    cr_expect_null(document->incomplete, "%s", document->incomplete);
    cr_expect_eq(document->pid, 7, "pid %d", (int)document->pid);
    cr_expect_str_eq(event_of(document, 0)->text, "more");
    cr_expect_not(event_of(document, 0)->at_exit, "it is the end of the other process");
    static const char *const strange[] = {BEGIN END MESSAGE, BEGIN END "more",
                                          BEGIN END "</a>" END};
    for (gsize i = 0; i < G_N_ELEMENTS(strange); i++) {
        g_autoptr(ValgrindDocument) cut = read_text(strange[i]);
        cr_expect_not_null(cut->incomplete, "'%s' is complete", strange[i]);
    }
}

Test(valgrind_xml, parts_may_be_missing)
{
    g_autoptr(ValgrindDocument) document =
        read_text(BEGIN "<error/><error><kind>InvalidRead</kind></error><fatal_signal/><clientmsg/>"
                        "<stack><frame/></stack><error><stack><frame/></stack></error>"
                        "<error><what>x</what><auxwhat>y</auxwhat><stack/></error>" END);
    cr_expect_null(document->incomplete, "%s", document->incomplete);
    cr_expect_eq(document->events->len, 6, "%u events", document->events->len);
    for (guint i = 0; i < document->events->len; i++)
        expect_finding(document->events->pdata[i], &in_errors[0]);
}

Test(valgrind_xml, bytes_that_are_no_text_hide_nothing)
{
    g_autoptr(ValgrindDocument) document =
        read_text(BEGIN "<error><kind>Leak_DefinitelyLost</kind><what>8 bytes in 1 blocks</what>"
                        "<stack><frame><obj>/box/attention.so</obj><fn>\xff\xc0 f</fn></frame>"
                        "</stack></error>" END);
    cr_expect_null(document->incomplete, "%s", document->incomplete);
    expect_finding(
        event_of(document, 0),
        &(Expected){"Leak_DefinitelyLost", "leak", "8 bytes in 1 block are never freed", 0, NULL});
}

Test(valgrind_xml, a_kind_that_nobody_knows_is_quoted_whole)
{
    g_autofree char *kind = g_strconcat("x", "\u20ac\u20ac\u20ac\u20ac\u20ac\u20ac\u20ac",
                                        "\u20ac\u20ac\u20ac\u20ac\u20ac\u20ac\u20ac", NULL);
    g_autofree char *text = g_strconcat(
        BEGIN "<error><kind>", kind, "</kind><what/><stack><frame><obj>attention.so</obj></frame>",
        "</stack></error>" END, NULL);
    g_autofree char *message = g_strconcat("does what Valgrind calls ", kind, NULL);
    g_autoptr(ValgrindDocument) document = read_text(text);
    expect_finding(event_of(document, 0), &(Expected){kind, "crash", message, 0, NULL});
}

Test(valgrind_xml, a_signal_without_a_name_is_a_signal)
{
    g_autoptr(ValgrindDocument) document =
        read_text(BEGIN "<fatal_signal><stack><frame><obj>attention.so</obj></frame></stack>"
                        "</fatal_signal>" END);
    g_autoptr(Source) text = source_load(DATA "attention.c");
    const StudentFile file = {.name = "attention.c", .text = text};
    g_autoptr(MemoryFinding) finding = memory_finding_from_event(event_of(document, 0), &file);
    cr_assert_not_null(finding);
    cr_expect_str_eq(finding->message, "is stopped by a signal", "%s", finding->message);
}

Test(valgrind_xml, a_flood_is_cut)
{
    g_autoptr(GString) text = g_string_new(BEGIN);
    for (int i = 0; i < 30000; i++)
        g_string_append(text, "<error/>");
    g_string_append(text, END);
    g_autoptr(ValgrindDocument) flood = read_text(text->str);
    cr_expect_not_null(flood->incomplete, "all of a flood was read");
    cr_expect_leq(flood->events->len, 20000, "%u events", flood->events->len);

    g_string_assign(text, BEGIN "<clientmsg><text>");
    for (int i = 0; i < 5000; i++)
        g_string_append(text, "\u00e4\u00f6");
    g_string_append(text, "</text></clientmsg><error><what/>");
    for (int i = 0; i < 5000; i++)
        g_string_append(text, "<stack><frame/></stack>");
    g_string_append(text, "</error>" END);
    g_autoptr(ValgrindDocument) large = read_text(text->str);
    cr_expect_null(large->incomplete, "%s", large->incomplete);
    cr_expect(g_utf8_validate(event_of(large, 0)->text, -1, NULL), "cut within a character");
    cr_expect_leq(strlen(event_of(large, 0)->text), 600, "a message of any length");
    cr_expect_leq(event_of(large, 1)->stacks->len, 4, "%u stacks", event_of(large, 1)->stacks->len);
}

Test(valgrind_xml, a_reason_is_short)
{
    g_autofree char *name = g_strnfill(100000, 'x');
    g_autofree char *text = g_strconcat(BEGIN "<", name, "></", name, "y>", NULL);
    g_autoptr(ValgrindDocument) document = read_text(text);
    cr_assert_not_null(document->incomplete);
    cr_expect_leq(strlen(document->incomplete), 600, "%zu bytes", strlen(document->incomplete));
}

/* The file name in debug information is what `#line` says; the object is not. */
Test(valgrind_xml, the_object_decides_whose_a_frame_is)
{
    g_autoptr(ValgrindDocument) document = read_text(
        BEGIN
        "<error><kind>InvalidRead</kind><what>Invalid read of size 4</what><stack>"
        "<frame><obj>/box/worker</obj><fn>f</fn><file>attention.c</file><line>11</line></frame>"
        "</stack></error>"
        "<error><kind>InvalidRead</kind><what>Invalid read of size 4</what><stack>"
        "<frame><obj>/box/memory-1/attention-3.so</obj><fn>g</fn><file>tensor.c</file>"
        "<line>11</line></frame></stack></error>"
        "<error><kind>InvalidRead</kind><what>Invalid read of size 4</what><stack>"
        "<frame><obj>/box/attention.so</obj><fn>g</fn><file>attention.c</file>"
        "<line>4000000</line></frame></stack></error>" END);
    const Expected elsewhere = {"InvalidRead", "invalid_read",
                                "reads 4 bytes at an address that belongs to nothing", 0, NULL};
    expect_finding(event_of(document, 0), &in_errors[0]);
    expect_finding(event_of(document, 1), &elsewhere);
    expect_finding(event_of(document, 2), &elsewhere);
}
