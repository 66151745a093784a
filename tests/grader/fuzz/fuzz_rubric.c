/* Any bytes as rubric.yaml: a rubric that is right, or one line of error. */
#include <stdint.h>
#include <string.h>

#include "rubric/rubric.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Rubric) rubric = rubric_parse("rubric.yaml", (const char *)data, size, &error);
    if ((rubric == NULL) != (error != NULL))
        g_error("an error and a rubric, or neither");
    if (error != NULL && (strchr(error->message, '\n') != NULL ||
                          !g_str_has_prefix(error->message, "rubric.yaml:") ||
                          !g_utf8_validate(error->message, -1, NULL)))
        g_error("no clear line: %s", error->message);
    if (rubric != NULL && !(rubric_total(rubric) > 0 && rubric->files->len > 0))
        g_error("a rubric that is worth nothing");
    return 0;
}
