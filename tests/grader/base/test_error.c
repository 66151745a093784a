/* Tests of base/error.h. */
#include <criterion/criterion.h>
#include <errno.h>

#include "base/error.h"

Test(error, errno_is_said_in_words)
{
    g_autoptr(GError) error = NULL;
    errno = ENOSPC;
    grader_set_errno(&error, "cannot write '%s'", "a.c");
    cr_assert(g_error_matches(error, GRADER_ERROR, GRADER_ERROR_SYSTEM));
    cr_assert_str_eq(error->message, "cannot write 'a.c': No space left on device");
}
