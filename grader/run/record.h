/*
 * record.h: the recorded calls of a test, as the proxy wrote them, and what came out when
 * they were repeated.
 */
#pragma once

#include <glib.h>

#include "wire/wire.h"

typedef struct {
    WireHeader request, reply;
    const guchar *payload, *answer; /* in the record's file */
    gboolean answered;              /* FALSE: the worker died, or was late, in this call */
} RecordedCall;

typedef struct {
    GMappedFile *file; /* not read into memory: a reply may have 4 MiB */
    GArray *calls;     /* RecordedCall; what was cut off at the end is left out */
} MemoryRecord;

MemoryRecord *memory_record_read(const char *path, GError **error);
void memory_record_free(MemoryRecord *record);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MemoryRecord, memory_record_free)

/*
 * How a repeated reply differs from the recorded one, in words; NULL if it does not. Elements may
 * differ by 1e-5 + 1e-4 of their value: Valgrind calculates long double with 64 bits.
 */
char *memory_record_difference(const RecordedCall *call, const WireHeader *reply,
                               const guchar *answer);

/*
 * Calls that follow each other and are alike, alone or in pairs (create and free): of one kind, with
 * input of one shape, successful. The first two rounds may make what the others use again. `end` are
 * how many calls of the test are made when those two are over, and when all are.
 */
typedef struct {
    guint kind;
    guint rounds; /* without the first two; 0: the test has no such calls, or too few */
    guint end[2];
} MemoryAlike;

MemoryAlike memory_record_alike(const MemoryRecord *record);

/*
 * Was one of the results so wrong that nobody could free it? What is lost then is no leak. It is
 * what the native run says: under Valgrind student code could say so in the worker's name.
 */
gboolean memory_record_is_unusable(const MemoryRecord *record);

/* The function that a call of this kind calls; NULL if there is no such kind. */
const char *memory_record_function(guint kind);
