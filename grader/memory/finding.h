/*
 * finding.h: from an event in Valgrind's XML to a finding in the student's file.
 *
 * A frame is the student's if its code lies in the student's object: that is what the kernel
 * mapped, while file names and lines come from debug information, which `#line` can change. The
 * place of an error is its innermost frame there. An error in code that the student called with
 * something bad is the student's as well; one without any such frame is not.
 */
#pragma once

#include "base/source.h"
#include "memory/words.h"

/* The student's file: what it is called, and its text. */
typedef struct {
    const char *name; /* "attention.c" */
    const Source *text;
} StudentFile;

/* A new finding with its place; NULL if the event is not the student's, or only a note. */
MemoryFinding *memory_finding_from_event(const ValgrindEvent *event, const StudentFile *file);

/*
 * The same for an event that must be the student's: without a place where none of its frames is.
 * NULL if it is only a note.
 */
MemoryFinding *memory_finding_with_or_without_place(const ValgrindEvent *event,
                                                    const StudentFile *file);

/* Add it to the item, to the same finding of another test if there is one. Takes `finding`. */
void memory_finding_add(ItemResult *item, MemoryFinding *finding, const char *test);

/*
 * Are the innermost frames, by which Valgrind tells errors apart, all outside of the student's
 * object?
 */
gboolean memory_event_is_outside(const ValgrindEvent *event);
