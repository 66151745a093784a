/*
 * attack: says with #line that its errors are in a system file, whose lines the
 *         compiler then quotes
 * catalogue: 6 10
 * expect: not_compiled
 * score: 0
 * absent: root:x:0
 */
#include "attention.h"

#line 1 "/etc/passwd"
int broken = ;
int broken_too = ;
