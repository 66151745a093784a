/*
 * attack: ten thousand errors, and as many notes
 * catalogue: 9
 * expect: not_compiled
 * score: 0
 */
#include "attention.h"

#define TEN(x) x x x x x x x x x x
TEN(TEN(TEN(TEN(int f(void) { return missing; }))))
