#include "base/error.h"

#include <errno.h>
#include <stdarg.h>

GQuark grader_error_quark(void)
{
    return g_quark_from_static_string("grader-error");
}

void grader_set_errno(GError **error, const char *format, ...)
{
    int saved = errno;
    va_list arguments;
    va_start(arguments, format);
    g_autofree char *what = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    g_set_error(error, GRADER_ERROR, GRADER_ERROR_SYSTEM, "%s: %s", what, g_strerror(saved));
}
