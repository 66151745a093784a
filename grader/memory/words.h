/*
 * words.h: findings in words for somebody who learns C, before they have a place.
 */
#pragma once

#include "result/result.h"
#include "valgrind/xml.h"

G_DEFINE_AUTOPTR_CLEANUP_FUNC(MemoryFinding, memory_finding_free)

/*
 * A new finding, seen once. Takes `message`; `function`, which it is about, and `hint` may be NULL.
 */
MemoryFinding *memory_finding_about(const char *kind, const char *function, char *message,
                                    const char *hint);

/* A new finding about an error, a leak or a fatal signal; NULL if the event is only a note. */
MemoryFinding *memory_finding_without_place(const ValgrindEvent *event);

/* "40 bytes in 1 block are never freed" */
char *memory_words_leak(guint64 bytes, guint blocks);
