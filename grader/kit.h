/*
 * kit.h: which kit this program belongs to, and where its parts lie. A program looks for the kit
 * around its own file, so that it grades with the tests and the rubric that it was built with.
 */
#pragma once

#include <glib.h>

/* The version of the kit: `grader --version` prints it, and every result says it. */
#define KIT_VERSION "1.0"

typedef struct {
    char *root;    /* the folder of rubric.yaml: the kit, or a student's repo */
    char *include; /* the folder of attention.h and tensor.h */
    char *libexec; /* build/libexec: the programs of kit_libexec */
    char *tests;   /* build/tests: the test programs public and hidden */
} Kit;

/* The programs in libexec, which run beside student code; NULL at the end. */
extern const char *const kit_libexec[];

/* NULL and an error that says what is missing if the kit is not complete. */
Kit *kit_find(GError **error);
void kit_free(Kit *kit);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Kit, kit_free)
