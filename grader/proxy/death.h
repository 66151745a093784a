/*
 * death.h: the end of a worker in words that a student understands.
 */
#pragma once

typedef struct {
    const char *failure; /* "crash", "exit", "timeout", "output" or "forbidden", see fail.h */
    const char *hint;
    char what[160]; /* to follow the name of the function: "called exit(0) instead of ..." */
} Death;

/*
 * Describe a status of waitpid(). The limits, as the environment gives them in text, are named in
 * the message; NULL if not known.
 */
Death death_describe(int wait_status, const char *cpu_seconds, const char *output_kib);
