/*
 * deeds.h: what the program `inside` does in the sandbox. tests/grader/sandbox/test_sandbox.c says what must come of it.
 */
#pragma once

typedef struct {
    const char *name;
    void (*run)(void);
} Deed;

#define DEED(function)                                                                             \
    {                                                                                              \
#function, function                                                                        \
    }

/*
 * Lists that end with an empty name. Each deed of the first two is done in a process of its own, which
 * is locked down.
 */
extern const Deed attacks[]; /* returns if it is let */
extern const Deed honest[];  /* exits with 0, or dies as its name says */

/*
 * In the place of the fork server, and in its children that have not closed it: the filter of the
 * lockdown, or a pipe.
 */
#define GIVEN_FD 3
