/*
 * finding.h: from an event in Valgrind's XML to a finding in the student's file, in the
 * student's words.
 *
 * A frame is the student's if its code lies in the student's object: that is what the kernel
 * mapped, while file names and lines come from debug information, which `#line` can change. The
 * place of an error is its innermost frame there. An error in code that the student called with
 * something bad is the student's as well; one without any such frame is not.
 */
#pragma once

#include "base/source.h"
#include "result/result.h"
#include "valgrind/xml.h"

/* The student's file: what it is called, and its text. */
typedef struct {
    const char *name; /* "attention.c" */
    const Source *text;
} StudentFile;

G_DEFINE_AUTOPTR_CLEANUP_FUNC(MemoryFinding, memory_finding_free)

/* A new finding, or NULL if the event is not the student's, or only a note. */
MemoryFinding *memory_finding_from_event(const ValgrindEvent *event, const StudentFile *file);

/* The same for an error that may have happened anywhere; NULL if it is only a note. */
MemoryFinding *memory_finding_without_place(const ValgrindEvent *event);

/* The first, or the second where no frame of the student's is left; for what cannot be the worker's. */
MemoryFinding *memory_finding_anywhere(const ValgrindEvent *event, const StudentFile *file);

/* A finding that is about a function as a whole; `function` may be NULL. */
MemoryFinding *memory_finding_about(const char *kind, const char *function, char *message,
                                    const char *hint);

MemoryFinding *memory_finding_copy(const MemoryFinding *finding);

/* Add it to the item, to the same finding of another test if there is one. Takes `finding`. */
void memory_finding_add(ItemResult *item, MemoryFinding *finding, const char *test);

/* True if the innermost frames, by which Valgrind tells errors apart, are not the student's. */
gboolean memory_event_is_far(const ValgrindEvent *event);
