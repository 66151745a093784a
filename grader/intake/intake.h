/*
 * intake.h: take the files that the rubric lists out of a submission, and nothing else.
 *
 * A submission is a folder. Each listed file must be a regular file with one link, reached without
 * following a symbolic link, no larger than the rubric allows; it is copied to a fixed name in a
 * folder of ours. Whatever else lies there (headers, objects, Makefiles, .valgrindrc) is ignored.
 */
#pragma once

#include "result/result.h"
#include "rubric/rubric.h"

/*
 * Copy the files of `submission` into the folder `into` and list them in result->files. TRUE also
 * when the submission is at fault: then result->status is MISSING or REFUSED and result->reason
 * says why. FALSE with an error for our own fault (no such folder, no space).
 */
gboolean intake_take(const Rubric *rubric, const char *submission, const char *into, Result *result,
                     GError **error);
