/* versions.c: see versions.h. */
#include "versions.h"

#include <string.h>

#include "base/process.h"
#include "kit.h"

static char *hash_file(const char *path)
{
    g_autoptr(GMappedFile) file = g_mapped_file_new(path, FALSE, NULL);
    if (file == NULL)
        return NULL;
    g_autoptr(GBytes) bytes = g_mapped_file_get_bytes(file);
    return g_compute_checksum_for_bytes(G_CHECKSUM_SHA256, bytes);
}

/* The first line that a program prints about its version; NULL if it cannot be started. */
static char *ask(const char *program, const char *option)
{
    g_autofree char *path = g_find_program_in_path(program);
    const ProcessSpec spec = {.argv = (const char *[]){path, option, NULL},
                              .envp = (const char *[]){"PATH=/usr/bin:/bin", NULL},
                              .wall_seconds = 20,
                              .output_limit = 256};
    g_autoptr(Process) process = path != NULL ? process_start(&spec, NULL) : NULL;
    if (process == NULL)
        return NULL;
    const ProcessOutcome *outcome = process_wait(process);
    return g_strndup(outcome->out->str, strcspn(outcome->out->str, "\n"));
}

static void add(GHashTable *versions, const char *name, char *value)
{
    if (value != NULL)
        g_hash_table_insert(versions, g_strdup(name), value);
}

GHashTable *versions_find(const Rubric *rubric, const char *program)
{
    GHashTable *versions = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    add(versions, "grader", g_strdup(KIT_VERSION));
    add(versions, "rubric", g_strdup(rubric->sha256));
    add(versions, "tests", hash_file(program));
    add(versions, "gcc", ask("gcc", "-dumpfullversion"));
    add(versions, "valgrind", ask("valgrind", "--version"));
    return versions;
}
