#include "fail.h"

#include <stdarg.h>
#include <stdio.h>

#include <criterion/criterion.h>

void fail_test(const char *failure, const char *hint, const char *format, ...)
{
    char what[1024];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(what, sizeof what, format, arguments);
    va_end(arguments);

    if (hint)
        cr_assert_fail("%s\nhint: %s\nfailure: %s", what, hint, failure);
    else
        cr_assert_fail("%s\nfailure: %s", what, failure);
    criterion_abort_test();
}

void passed_check(void)
{
    cr_assert(true, "a check that holds");
}
