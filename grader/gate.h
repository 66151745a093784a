/*
 * gate.h: judge the object before it runs. Read with libelf; the file is untrusted.
 *
 * The rules, each with a name that the message gives: it may define the functions of attention.h
 * and nothing of the C library's; it may need only the symbols that the rubric allows and those of
 * tensor.h; nothing may run at load time (constructors, IFUNC); no executable stack, no segment
 * that is writable and executable, no huge sections; no raw system calls and no Valgrind client
 * requests in the code, at any offset.
 */
#pragma once

#include "result.h"
#include "rubric.h"

/*
 * Judge the object. Each broken rule becomes a Diagnostic of severity "refused" with a hint, and
 * result->status becomes REFUSED. FALSE with an error for our own fault only: an object that cannot
 * be read is refused, not an error.
 */
gboolean gate_judge(const Rubric *rubric, const char *object, Result *result, GError **error);
