/*
 * gate.h: judge the object before it runs. Read with libelf; the file is untrusted.
 *
 * Each refusal ends with the name of its rule. `symbol` and `defines` are in symbols.c, the others
 * in rules.c:
 *
 *     symbol       needs a function that neither the rubric nor tensor.h gives
 *     defines      defines a function of the C library or of the kit, or exports a variable
 *     constructor  has code that would run when it is loaded or unloaded
 *     ifunc        lets the loader compute an address
 *     size         has static data of absurd size
 *     segment      has a part that is writable and executable
 *     stack        asks for an executable stack
 *     instruction  has the bytes of a raw system call in its code, at any offset (code.h)
 *     valgrind     has a Valgrind client request in its code
 *     object       is not what the linker makes of plain C: another machine, tables that contradict
 *                  each other, requests to the loader
 *
 * Helpers of any other name are welcome, static or not: the linker has made them local, so nothing
 * outside can meet them.
 */
#pragma once

#include "result/result.h"
#include "rubric/rubric.h"

/*
 * Judge the object. Each broken rule becomes a Diagnostic of severity "refused" with a hint, and
 * result->status becomes REFUSED. An object that cannot be read is refused, too.
 */
void gate_judge(const Rubric *rubric, const char *object, Result *result);
