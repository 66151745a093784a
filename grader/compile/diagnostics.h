/*
 * diagnostics.h: what gcc printed, as Diagnostics.
 *
 * gcc writes JSON (-fdiagnostics-format=json), because in its plain text a submission can forge
 * whole messages: file names of #line, #pragma message and attributes may contain line ends. The
 * assembler and the linker know only plain text; their lines are read too, but a forged one gains
 * nothing: whether a submission compiles is never decided by what was printed.
 */
#pragma once

#include "base/source.h"
#include "result/result.h"

enum { DIAGNOSTICS_LIMIT = 20 };

/*
 * Read what gcc wrote to standard error, also if it was cut somewhere. Adds at most
 * DIAGNOSTICS_LIMIT diagnostics to result->diagnostics, errors first, each with the text of its
 * line if it lies in `file`, whose text is `source`. The number of errors that were seen.
 */
guint diagnostics_read(const char *bytes, gsize length, const char *file, const Source *source,
                       Result *result);

/* What to try after this message of gcc, or NULL. */
const char *diagnostics_hint(const char *message);
