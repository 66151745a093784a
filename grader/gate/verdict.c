#include "gate/verdict.h"

#include <string.h>

enum {
    REFUSALS_LIMIT = 20,
    ENOUGH = 200, /* refusals, repetitions too */
};

void gate_refuse(Gate *gate, const char *rule, guint line, const char *hint, const char *format,
                 ...)
{
    va_list arguments;
    gate->n_refused++;
    va_start(arguments, format);
    g_autofree char *what = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    g_autofree char *message = g_strdup_printf("%s (rule: %s)", what, rule);

    guint refusals = 0;
    for (guint i = 0; i < gate->result->diagnostics->len; i++) {
        const Diagnostic *earlier = gate->result->diagnostics->pdata[i];
        if (strcmp(earlier->message, message) == 0)
            return;
        refusals += strcmp(earlier->severity, "refused") == 0;
    }
    if (gate->result->status != SUBMISSION_REFUSED)
        gate->result->reason = (g_free(gate->result->reason), g_strdup(message));
    gate->result->status = SUBMISSION_REFUSED;
    if (refusals == REFUSALS_LIMIT)
        return;

    Diagnostic *diagnostic = diagnostic_new("refused", message);
    if (line > 0) {
        diagnostic->file = g_strdup(gate->file);
        diagnostic->line = line;
        diagnostic->source = source_line(gate->source, line);
    }
    diagnostic->hint = g_strdup(hint);
    /* Refusals come before the compiler's warnings. */
    g_ptr_array_insert(gate->result->diagnostics, (gint)refusals, diagnostic);
}

gboolean gate_has_enough(const Gate *gate)
{
    return gate->n_refused >= ENOUGH;
}
