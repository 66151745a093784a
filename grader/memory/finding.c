/* finding.c: Valgrind's events as findings; see finding.h. */
#include "memory/finding.h"

#include <string.h>

/* Valgrind takes two errors for one if this many innermost frames are equal. */
#define COMPARED_FRAMES 4

/* ---- frames ---------------------------------------------------------------------------------- */

/*
 * The worker loads attention.so and its copies attention-1.so, ... and nothing else of that name.
 */
static gboolean is_students(const ValgrindFrame *frame)
{
    if (frame->object == NULL)
        return FALSE;
    g_autofree char *name = g_path_get_basename(frame->object);
    return g_str_equal(name, "attention.so") || g_str_has_prefix(name, "attention-");
}

/* The innermost frame that is the student's; NULL if there is none. */
static const ValgrindFrame *students_frame(const ValgrindStack *stack)
{
    for (guint i = 0; i < stack->frames->len; i++)
        if (is_students(stack->frames->pdata[i]))
            return stack->frames->pdata[i];
    return NULL;
}

/* The line of a frame; 0 if the student's file has no such line. */
static guint line_of(const ValgrindFrame *frame, const StudentFile *file)
{
    if (g_strcmp0(frame->file, file->name) != 0)
        return 0;
    g_autofree char *text = source_line(file->text, frame->line);
    return text != NULL ? frame->line : 0;
}

static char *describe_place(const char *verb, const ValgrindFrame *frame, const StudentFile *file)
{
    const char *function = frame->function != NULL ? frame->function : "a function";
    guint line = line_of(frame, file);
    if (line == 0)
        return g_strdup_printf("%s %s", verb, function);
    return g_strdup_printf("%s %s:%u in %s", verb, file->name, line, function);
}

static void set_place(MemoryFinding *finding, const ValgrindFrame *frame, const StudentFile *file)
{
    finding->function = g_strdup(frame->function);
    finding->file = g_strdup(file->name);
    finding->line = line_of(frame, file);
    finding->source = source_line(file->text, finding->line);
}

gboolean memory_event_is_outside(const ValgrindEvent *event)
{
    const ValgrindStack *stack = valgrind_event_stack(event);
    for (guint i = 0; stack != NULL && i < stack->frames->len && i < COMPARED_FRAMES; i++)
        if (is_students(stack->frames->pdata[i]))
            return FALSE;
    return TRUE;
}

/* ---- from event to finding ------------------------------------------------------------------- */

/*
 * Say what happened to the block before. Valgrind explains that with more stacks: where the block
 * was freed, then where it was allocated.
 */
static char *history_of(const ValgrindEvent *event, const StudentFile *file)
{
    for (guint i = 1; i < event->stacks->len; i++) {
        const ValgrindStack *stack = event->stacks->pdata[i];
        if (stack->what == NULL || stack->frames->len == 0)
            continue;
        gboolean freed = g_str_has_suffix(stack->what, "free'd");
        const ValgrindFrame *frame = students_frame(stack);
        if (frame != NULL)
            return describe_place(freed ? "freed at" : "allocated at", frame, file);
        if (!freed && i == 1)
            return g_strdup("the block was passed in by the test");
    }
    return NULL;
}

/* Say who called the function in which it happened, as a helper may have several callers. */
static char *caller_of(const ValgrindStack *stack, const ValgrindFrame *place,
                       const StudentFile *file)
{
    for (guint i = 0; i + 1 < stack->frames->len; i++) {
        if (stack->frames->pdata[i] != place)
            continue;
        const ValgrindFrame *caller = stack->frames->pdata[i + 1];
        return is_students(caller) ? describe_place("called from", caller, file) : NULL;
    }
    return NULL;
}

/* The first stack with a frame of the student's: the error's own, or one that explains it. */
static const ValgrindStack *students_stack(const ValgrindEvent *event)
{
    for (guint i = 0; i < event->stacks->len; i++)
        if (students_frame(event->stacks->pdata[i]) != NULL)
            return event->stacks->pdata[i];
    return NULL;
}

MemoryFinding *memory_finding_from_event(const ValgrindEvent *event, const StudentFile *file)
{
    const ValgrindStack *stack = students_stack(event);
    if (event->type == VALGRIND_MESSAGE || event->at_exit || stack == NULL)
        return NULL;
    MemoryFinding *finding = memory_finding_without_place(event);
    if (finding == NULL)
        return NULL;
    const ValgrindFrame *place = students_frame(stack);
    set_place(finding, place, file);
    if (stack == valgrind_event_stack(event))
        finding->detail = history_of(event, file);
    if (finding->detail == NULL)
        finding->detail = caller_of(stack, place, file);
    return finding;
}

MemoryFinding *memory_finding_with_or_without_place(const ValgrindEvent *event,
                                                    const StudentFile *file)
{
    MemoryFinding *finding = memory_finding_from_event(event, file);
    return finding != NULL ? finding : memory_finding_without_place(event);
}

/* ---- the list of an item --------------------------------------------------------------------- */

static gboolean is_same(const MemoryFinding *a, const MemoryFinding *b)
{
    if (a->line != b->line || g_strcmp0(a->kind, b->kind) != 0 ||
        g_strcmp0(a->function, b->function) != 0)
        return FALSE;
    return a->line > 0 || g_strcmp0(a->message, b->message) == 0;
}

static void add_test(MemoryFinding *finding, const char *test)
{
    for (guint i = 0; i < finding->tests->len; i++)
        if (g_str_equal(finding->tests->pdata[i], test))
            return;
    g_ptr_array_add(finding->tests, g_strdup(test));
}

void memory_finding_add(ItemResult *item, MemoryFinding *finding, const char *test)
{
    for (guint i = 0; i < item->memory->len; i++) {
        MemoryFinding *known = item->memory->pdata[i];
        if (!is_same(known, finding))
            continue;
        known->count += finding->count;
        if (g_str_equal(known->kind, "leak")) {
            known->bytes += finding->bytes;
            g_free(known->message);
            known->message = memory_words_leak(known->bytes, known->count);
        }
        add_test(known, test);
        memory_finding_free(finding);
        return;
    }
    add_test(finding, test);
    g_ptr_array_add(item->memory, finding);
}
