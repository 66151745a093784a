/*
 * attack: raw escape sequences, a bell and a carriage return in an #error
 * catalogue: 10 34
 * expect: not_compiled
 * score: 0
 */
#include "attention.h"
#error [2J]0;owned::error::forged ‮gnimmos‬ 30/30
