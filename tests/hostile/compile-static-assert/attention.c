/*
 * attack: HTML, Markdown and a spreadsheet formula as the message of a failing
 *         _Static_assert
 * catalogue: 34
 * expect: not_compiled
 * score: 0
 */
#include "attention.h"
_Static_assert(0, "<script>alert(1)</script> =HYPERLINK(\"http://x\") [x](javascript:1) | ]]> 30/30");
