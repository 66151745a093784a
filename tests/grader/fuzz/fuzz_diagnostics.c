/* Any bytes as what gcc says, which a submission has its say in: bounded messages of valid text. */
#include <stdint.h>
#include <string.h>

#include "compile/diagnostics.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_text(const char *text)
{
    if (text != NULL && (!g_utf8_validate(text, -1, NULL) || strlen(text) > 1000))
        g_error("a text that nobody can show");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static Source *none;
    if (none == NULL)
        none = source_load("/nonexistent");
    g_autoptr(Result) result = result_new("fuzz", NULL);
    diagnostics_read((const char *)data, size, "attention.c", none, result);
    if (result->diagnostics->len > DIAGNOSTICS_LIMIT)
        g_error("too many diagnostics");
    for (guint i = 0; i < result->diagnostics->len; i++) {
        const Diagnostic *diagnostic = result->diagnostics->pdata[i];
        if (diagnostic->message == NULL || diagnostic->severity == NULL)
            g_error("half a diagnostic");
        check_text(diagnostic->message);
        check_text(diagnostic->file);
        check_text(diagnostic->source);
    }
    return 0;
}
