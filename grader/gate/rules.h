/*
 * rules.h: the rules, by what of the object they look at. gate.h says what each is.
 */
#pragma once

#include "gate/verdict.h"

/* object: it could not be loaded, see gate_object_load(). */
void gate_judge_unreadable(Gate *gate, const char *why);

/* size, segment, stack, object: how its parts will lie in memory. */
void gate_judge_segments(Gate *gate);

/* constructor, ifunc, object: what it asks the loader to run, to compute, to load and to change. */
void gate_judge_loading(Gate *gate);

/* symbol, defines: what it needs and what it defines; in symbols.c. */
void gate_judge_symbols(Gate *gate);

/* instruction, valgrind: what its code contains. */
void gate_judge_code(Gate *gate);
