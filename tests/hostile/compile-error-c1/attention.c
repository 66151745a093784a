/*
 * attack: the control characters beyond ASCII in an #error: one that begins an escape sequence, and
 *         those that turn the line around
 * catalogue: 10 34
 * expect: not_compiled
 * score: 0
 */
#include "attention.h"

#error "31mPASS0m ‮30/30  ﻿ 󠁁 "
