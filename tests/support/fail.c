#include "fail.h"

#include <stdarg.h>
#include <stdio.h>

#include <criterion/criterion.h>

static const char *likely;

void fail_cause(const char *cause)
{
    likely = cause;
}

void fail_test(const char *failure, const char *hint, const char *format, ...)
{
    char what[1024];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(what, sizeof what, format, arguments);
    va_end(arguments);

    cr_assert_fail("%s%s%s\nfailure: %s%s%s", what, hint ? "\nhint: " : "", hint ? hint : "",
                   failure, likely ? "\ncause: " : "", likely ? likely : "");
    criterion_abort_test();
}

void passed_check(void)
{
    cr_assert(true, "a check that holds");
}
