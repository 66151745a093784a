/*
 * memory_case.h: a submission whose calls are logged and then judged by memory/memory.h, without
 * the tests of the assignment. Whatever goes wrong on the way fails the running test.
 */
#pragma once

#include "grade.h"
#include "memory/memory.h"
#include "wire/wire.h"

typedef struct {
    Kit *kit;
    Rubric *rubric;
    Sandbox *sandbox;
    char *scratch, *box;
    Result *result; /* its items have the tests */
} Case;

/* Build tests/grader/memory/data/STUDENT/attention.c. */
Case case_new(const char *student);
void case_clear(Case *c);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Case, case_clear)

typedef struct {
    guint kind;
    WireBuffer payload;
} Call;

Call call_mask(int n);
Call call_attention(void);

/*
 * Add a test that makes this call, logged as it goes without Valgrind. The fail_at-th
 * allocation fails; 0: none.
 */
void case_add(Case *c, const char *item, const char *name, Call call, guint32 fail_at);

/* Judge them. */
void case_check(Case *c);
