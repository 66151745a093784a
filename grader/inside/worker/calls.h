/*
 * calls.h: make one call of the student's code, as a request asks for it.
 *
 * Used by the worker, which answers a test, and by the replay under Valgrind. One object is loaded
 * for the life of the process.
 */
#pragma once

#include "wire/wire.h"

/* Load attention.so. Runs none of the student's code. False with a message on standard error. */
bool calls_load(const char *object);

/*
 * Make the call that a request asks for, and fill in the reply: `reply` completely except for its
 * length, `answer` (empty at the start) with the payload. Everything that the call returned is
 * freed again, except for layers, which live until they are freed or forgotten.
 */
void calls_perform(const WireHeader *request, const void *payload, WireHeader *reply,
                   WireBuffer *answer);

/* Free the layers that a test created and left. */
void calls_forget(void);

/*
 * How results are looked at. It has a page of its own, so that it can be made unwritable before
 * student code runs.
 */
#define CALLS_PAGE 4096
typedef union {
    struct {
        /*
         * Called for each tensor that the student's code returned, when it is known to be well
         * formed and before its elements are read; NULL for nothing. The replay asks Valgrind
         * there.
         */
        void (*on_result)(const Tensor *result);
        /* Is there memory from this page on? At first it asks the kernel. */
        bool (*is_mapped)(void *page, size_t bytes);
    };
    char page[CALLS_PAGE];
} CallsSettings;
extern CallsSettings calls_settings;
