/* xml.c: read memcheck's XML with GMarkup; see xml.h. */
#include "valgrind/xml.h"

#include <stdio.h>
#include <string.h>

#define MAX_EVENTS 20000
#define MAX_STACKS 4
#define MAX_FRAMES 64
#define MAX_TEXT 500
#define MAX_DEPTH 12

/* Where the reader is. It tells elements apart by their own name and that of their parent. */
typedef struct {
    ValgrindDocument *document;
    ValgrindEvent *event; /* the <error>, <clientmsg> or <fatal_signal> that is open */
    ValgrindStack *stack; /* the last one of `event` */
    ValgrindFrame *frame; /* the <frame> that is open */
    GString *text;        /* of the innermost element */
    gboolean memcheck, finished, closed;
} Reader;

/* ---- life cycle ------------------------------------------------------------------------------ */

static void frame_free(gpointer data)
{
    ValgrindFrame *frame = data;
    g_free(frame->object);
    g_free(frame->function);
    g_free(frame->file);
    g_free(frame);
}

static void stack_free(gpointer data)
{
    ValgrindStack *stack = data;
    g_free(stack->what);
    g_ptr_array_unref(stack->frames);
    g_free(stack);
}

static void event_free(gpointer data)
{
    ValgrindEvent *event = data;
    g_free(event->kind);
    g_free(event->text);
    g_ptr_array_unref(event->stacks);
    g_free(event);
}

void valgrind_document_free(ValgrindDocument *document)
{
    if (document == NULL)
        return;
    g_free(document->incomplete);
    g_ptr_array_unref(document->events);
    g_free(document);
}

/* ---- building -------------------------------------------------------------------------------- */

static void open_event(Reader *reader, ValgrindEventType type)
{
    ValgrindEvent *event = g_new0(ValgrindEvent, 1);
    event->type = type;
    event->stacks = g_ptr_array_new_with_free_func(stack_free);
    event->at_exit = reader->finished;
    g_ptr_array_add(reader->document->events, event);
    reader->event = event;
    reader->stack = NULL;
}

static void open_stack(Reader *reader)
{
    reader->stack = NULL;
    if (reader->event == NULL || reader->event->stacks->len == MAX_STACKS)
        return;
    reader->stack = g_new0(ValgrindStack, 1);
    reader->stack->frames = g_ptr_array_new_with_free_func(frame_free);
    g_ptr_array_add(reader->event->stacks, reader->stack);
}

/* A copy of the text that was read, which may have been cut within a character. */
static char *copy_text(const Reader *reader)
{
    return g_strstrip(g_utf8_make_valid(reader->text->str, -1));
}

/*
 * A <stack> belongs to the <what> or <auxwhat> before it. An explanation without a stack is
 * followed by another one or by the end of the error.
 */
static void set_what(Reader *reader)
{
    open_stack(reader);
    if (reader->stack != NULL)
        reader->stack->what = copy_text(reader);
}

static void open_frame(Reader *reader)
{
    reader->frame = NULL;
    if (reader->stack == NULL || reader->stack->frames->len == MAX_FRAMES)
        return;
    reader->frame = g_new0(ValgrindFrame, 1);
    g_ptr_array_add(reader->stack->frames, reader->frame);
}

static void set_text(char **to, const Reader *reader)
{
    g_free(*to);
    *to = copy_text(reader);
}

static void close_in_frame(Reader *reader, const char *name)
{
    ValgrindFrame *frame = reader->frame;
    if (frame == NULL)
        return;
    if (g_str_equal(name, "obj"))
        set_text(&frame->object, reader);
    else if (g_str_equal(name, "fn"))
        set_text(&frame->function, reader);
    else if (g_str_equal(name, "file"))
        set_text(&frame->file, reader);
    else if (g_str_equal(name, "line"))
        frame->line = (guint)g_ascii_strtoull(reader->text->str, NULL, 10);
}

static void close_in_document(Reader *reader, const char *name)
{
    ValgrindDocument *document = reader->document;
    if (g_str_equal(name, "pid"))
        document->pid = g_ascii_strtoll(reader->text->str, NULL, 10);
    else if (g_str_equal(name, "protocoltool"))
        reader->memcheck = g_str_equal(reader->text->str, "memcheck");
}

/* ---- GMarkup --------------------------------------------------------------------------------- */

static const char *parent_of(GMarkupParseContext *context)
{
    const GSList *names = g_markup_parse_context_get_element_stack(context);
    return names->next != NULL ? names->next->data : "";
}

static void on_start(GMarkupParseContext *context, const gchar *name, const gchar **attributes,
                     const gchar **values, gpointer data, GError **error)
{
    (void)attributes;
    (void)values;
    Reader *reader = data;
    const char *parent = parent_of(context);
    guint depth = g_slist_length((GSList *)g_markup_parse_context_get_element_stack(context));
    g_string_truncate(reader->text, 0);
    if (depth == 1 && !g_str_equal(name, "valgrindoutput")) {
        g_set_error(error, G_MARKUP_ERROR, G_MARKUP_ERROR_PARSE, "an element is out of place");
    } else if (depth > MAX_DEPTH || reader->document->events->len >= MAX_EVENTS) {
        g_set_error(error, G_MARKUP_ERROR, G_MARKUP_ERROR_PARSE, "there is too much in it");
    } else if (depth == 2 && g_str_equal(name, "error")) {
        open_event(reader, VALGRIND_ERROR);
    } else if (depth == 2 && g_str_equal(name, "clientmsg")) {
        open_event(reader, VALGRIND_MESSAGE);
    } else if (depth == 2 && g_str_equal(name, "fatal_signal")) {
        open_event(reader, VALGRIND_FATAL_SIGNAL);
    } else if (g_str_equal(name, "stack")) {
        if (reader->stack == NULL || reader->stack->frames->len > 0)
            open_stack(reader);
    } else if (g_str_equal(name, "frame") && g_str_equal(parent, "stack")) {
        open_frame(reader);
    }
}

/* An element of an event has ended. */
static void close_in_event(Reader *reader, const char *parent, const char *name)
{
    ValgrindEvent *event = reader->event;
    if (g_str_equal(parent, "frame"))
        close_in_frame(reader, name);
    else if (g_str_equal(parent, "error") && g_str_equal(name, "kind"))
        set_text(&event->kind, reader);
    else if (g_str_equal(parent, "fatal_signal") && g_str_equal(name, "signame"))
        set_text(&event->kind, reader);
    else if (g_str_equal(parent, "fatal_signal") && g_str_equal(name, "siaddr"))
        set_text(&event->text, reader);
    else if (g_str_equal(parent, "clientmsg") && g_str_equal(name, "text"))
        set_text(&event->text, reader);
    else if (g_str_equal(parent, "error") &&
             (g_str_equal(name, "what") || g_str_equal(name, "auxwhat")))
        set_what(reader);
    else if ((g_str_equal(parent, "xwhat") || g_str_equal(parent, "xauxwhat")) &&
             g_str_equal(name, "text"))
        set_what(reader);
    else if (g_str_equal(parent, "valgrindoutput"))
        reader->event = NULL;
}

static void on_end(GMarkupParseContext *context, const gchar *name, gpointer data, GError **error)
{
    (void)error;
    Reader *reader = data;
    const char *parent = parent_of(context);
    if (reader->event != NULL)
        close_in_event(reader, parent, name);
    else if (g_str_equal(name, "valgrindoutput"))
        reader->closed = TRUE;
    else if (g_str_equal(parent, "status") && g_str_equal(name, "state"))
        reader->finished = g_str_equal(reader->text->str, "FINISHED");
    else if (g_str_equal(parent, "valgrindoutput"))
        close_in_document(reader, name);
    g_string_truncate(reader->text, 0);
}

static void on_text(GMarkupParseContext *context, const gchar *text, gsize length, gpointer data,
                    GError **error)
{
    (void)context;
    (void)error;
    Reader *reader = data;
    g_string_append_len(reader->text, text,
                        MIN(length, MAX_TEXT - MIN(reader->text->len, MAX_TEXT)));
}

/* ---- the document ---------------------------------------------------------------------------- */

static char *why_incomplete(const Reader *reader, const GError *error)
{
    if (error != NULL) {
        g_autofree char *why = g_strndup(error->message, MAX_TEXT); /* it quotes the document */
        g_autofree char *valid = g_utf8_make_valid(why, -1);
        return g_strconcat("it cannot be read: ", valid, NULL);
    }
    if (!reader->closed || !reader->finished)
        return g_strdup("it ends too early");
    if (!reader->memcheck || reader->document->pid <= 0)
        return g_strdup("it is not memcheck's");
    return NULL;
}

/*
 * A forked process goes on in the document of its parent, and closes it when it ends; after that
 * the parent goes on in it. The document is whole if the last of them has closed it.
 */
static gboolean parse(GMarkupParseContext *context, Reader *reader, const char *text,
                      GError **error)
{
    static const char close[] = "</valgrindoutput>", open[] = "<valgrindoutput>";
    for (const char *end; (end = strstr(text, close)) != NULL; text = end) {
        end += strlen(close);
        gboolean last = end[strspn(end, "\n")] == '\0';
        if (!g_markup_parse_context_parse(context, text, end - text, error))
            return FALSE;
        if (last)
            return g_markup_parse_context_end_parse(context, error);
        reader->closed = reader->finished = FALSE;
        if (!g_markup_parse_context_parse(context, open, -1, error))
            return FALSE;
    }
    return g_markup_parse_context_parse(context, text, -1, error) &&
           g_markup_parse_context_end_parse(context, error);
}

ValgrindDocument *valgrind_document_read(const char *bytes, gsize length)
{
    ValgrindDocument *document = g_new0(ValgrindDocument, 1);
    document->events = g_ptr_array_new_with_free_func(event_free);
    g_autoptr(GString) text = g_string_new(NULL);
    Reader reader = {.document = document, .text = text};
    static const GMarkupParser parser = {
        .start_element = on_start, .end_element = on_end, .text = on_text};
    g_autoptr(GMarkupParseContext) context = g_markup_parse_context_new(&parser, 0, &reader, NULL);
    g_autoptr(GError) error = NULL;
    /* A name in the student's object may be any bytes, and these must not hide what follows. */
    g_autofree char *valid = g_utf8_make_valid(bytes, (gssize)length);
    parse(context, &reader, valid, &error);
    document->incomplete = why_incomplete(&reader, error);
    return document;
}

/* ---- what an event says ---------------------------------------------------------------------- */

gboolean valgrind_event_is_leak(const ValgrindEvent *event)
{
    return event->type == VALGRIND_ERROR && event->kind != NULL &&
           g_str_has_prefix(event->kind, "Leak_") && !valgrind_event_is_retained(event);
}

gboolean valgrind_event_is_retained(const ValgrindEvent *event)
{
    return event->type == VALGRIND_ERROR && (g_strcmp0(event->kind, "Leak_StillReachable") == 0 ||
                                             g_strcmp0(event->kind, "Leak_PossiblyLost") == 0);
}

const ValgrindStack *valgrind_event_stack(const ValgrindEvent *event)
{
    return event->stacks->len > 0 ? event->stacks->pdata[0] : NULL;
}

char *valgrind_event_sentence(const ValgrindEvent *event, guint n)
{
    const ValgrindStack *stack = n < event->stacks->len ? event->stacks->pdata[n] : NULL;
    if (stack == NULL || stack->what == NULL)
        return NULL;
    g_auto(GStrv) parts = g_strsplit(stack->what, ",", -1);
    return g_strjoinv("", parts);
}

ValgrindAddress valgrind_event_address(const ValgrindEvent *event)
{
    ValgrindAddress address = {0};
    g_autofree char *text = valgrind_event_sentence(event, 1);
    if (text == NULL || sscanf(text, "Address 0x%llx is", &address.at) != 1)
        return address;
    const char *size = strstr(text, " of size ");
    address.known = TRUE;
    address.freed = size != NULL && g_str_has_suffix(text, "free'd");
    address.stack = strstr(text, "stack") != NULL && strstr(text, "stack'd") == NULL;
    if (size == NULL || sscanf(size, " of size %llu", &address.size) != 1 ||
        sscanf(text, "Address 0x%*x is %llu bytes %11s", &address.offset, address.relation) != 2)
        address.relation[0] = '\0';
    return address;
}

/* The number in the first brackets of the phrase at `text`, or the number that it begins with. */
static gint64 read_growth(const char *text)
{
    const char *change = strstr(text, " (");
    const char *word = strstr(text, " b"); /* "bytes" or "blocks" ends the phrase */
    if (change == NULL || word == NULL || change > word)
        return g_ascii_strtoll(text, NULL, 10);
    return g_ascii_strtoll(change + strlen(" ("), NULL, 10);
}

/*
 * "56 (+56) (16 (+16) direct, 40 (+40) indirect) bytes in 1 (+1) blocks are definitely lost in
 * loss record 2 of 2". The (+n) is there if an earlier search for leaks met the same place.
 */
ValgrindGrowth valgrind_event_growth(const ValgrindEvent *event)
{
    if (event->stacks->len == 0)
        return (ValgrindGrowth){0};
    g_autofree char *text = valgrind_event_sentence(event, 0);
    const char *blocks = text != NULL ? strstr(text, "bytes in ") : NULL;
    return (ValgrindGrowth){
        .bytes = text != NULL ? read_growth(text) : 0,
        .blocks = blocks != NULL ? read_growth(blocks + strlen("bytes in ")) : 1,
    };
}
