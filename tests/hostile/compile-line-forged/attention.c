/*
 * attack: a forged report, a workflow command and escapes as the file name of #line
 * catalogue: 10 34
 * expect: not_compiled
 * score: 0
 */
#include "attention.h"

#line 1 "\033[2J\033[32mPASS 30/30\033[0m\n::error file=x::forged\n"
int broken = ;
