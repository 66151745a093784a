/*
 * allocate.h: let one allocation of a call fail, to see what the student's code does about it; and
 * count, to see whether it does the same when it is watched.
 *
 * The student's object is linked with --wrap for the functions of malloc's family, and the
 * worker's copy of tensor.c is too: both come to the __wrap_ functions defined here, which count.
 */
#pragma once

/* From now on count from 0, and let allocations fail as `fail_at` of wire/wire.h says. */
void allocate_begin(unsigned fail_at);

/* Since allocate_begin(): how many allocations were asked for, and how many blocks freed. */
typedef struct {
    unsigned allocated, freed;
} AllocateCounts;

/* Stop counting. */
AllocateCounts allocate_end(void);
