/*
 * allocate.h: let one allocation of a call fail, to see what the student's code does about it.
 *
 * The student's object is linked with --wrap for the functions of malloc's family, and the
 * worker's copy of tensor.c is too: both come to the __wrap_ functions defined here, which count.
 */
#pragma once

/* From now on count from 0, and let the fail_at-th allocation fail; 0 lets none fail. */
void allocate_begin(unsigned fail_at);

/* Stop counting: how many were asked for since allocate_begin(). */
unsigned allocate_end(void);
