/*
 * attack: says with #line that its errors are in an endless device, which the compiler
 *         then reads to quote it
 * catalogue: 7 10
 * expect: not_compiled
 * score: 0
 */
#include "attention.h"

#line 1 "/dev/zero"
int broken = ;
