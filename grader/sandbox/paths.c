/* paths.c: what a profile sees of the file system. */
#include <dlfcn.h>
#include <elf.h>
#include <gnu/lib-names.h>
#include <link.h>
#include <stdlib.h>
#include <string.h>

#include "sandbox/parts.h"

static void path_free(gpointer data)
{
    SandboxPath *path = data;
    g_free(path->source);
    g_free(path->target);
    g_free(path->path);
    g_free(path);
}

/* Show `path` at the same place inside, if it exists here. */
static void add(GPtrArray *paths, const char *path, gboolean exec)
{
    char *source = realpath(path, NULL);
    if (!source)
        return;
    SandboxPath *entry = g_new0(SandboxPath, 1);
    entry->source = g_strdup(source);
    entry->path = g_strdup(path);
    entry->exec = exec;
    g_ptr_array_add(paths, entry);
    free(source);
}

/* A folder at the root that is on most systems a link into /usr: whatever it is here. */
static void add_top(GPtrArray *paths, const char *path)
{
    g_autofree char *target = g_file_read_link(path, NULL);
    if (!target) {
        add(paths, path, TRUE);
        return;
    }
    SandboxPath *entry = g_new0(SandboxPath, 1);
    entry->target = g_steal_pointer(&target);
    entry->path = g_strdup(path);
    g_ptr_array_add(paths, entry);
}

/*
 * The parts of /usr that gcc, as and ld are made of, and not the rest: what else is installed on
 * this machine is not the submission's business.
 */
static void add_toolchain(GPtrArray *paths)
{
    static const char *const programs[] = {"/usr/bin", "/usr/lib", "/usr/lib32", "/usr/lib64",
                                           "/usr/libexec"};
    static const char *const tops[] = {"/bin", "/lib", "/lib32", "/lib64", "/libx32"};
    for (guint i = 0; i < G_N_ELEMENTS(programs); i++)
        add(paths, programs[i], TRUE);
    for (guint i = 0; i < G_N_ELEMENTS(tops); i++)
        add_top(paths, tops[i]);
    add(paths, "/usr/include", FALSE);
    add(paths, "/etc/alternatives", FALSE);
}

static int add_library(struct dl_phdr_info *info, size_t size, void *paths)
{
    static const char *const wanted[] = {LD_SO, LIBC_SO, LIBM_SO, NULL};
    g_autofree char *name = g_path_get_basename(info->dlpi_name);
    if (g_strv_contains(wanted, name))
        add(paths, info->dlpi_name, TRUE);
    return size == 0;
}

/* Where the dynamic linker found them for us: it will find them there again. */
static void add_libraries(GPtrArray *paths)
{
    void *libm = dlopen(LIBM_SO, RTLD_LAZY);
    dl_iterate_phdr(add_library, paths);
    if (libm)
        dlclose(libm);
}

/*
 * Valgrind will not start without the debug file of the dynamic linker, whose name is its build id.
 * The one of libc is left out on purpose: reading it costs a fifth of Valgrind's start-up time.
 */
static int add_linker_debug_file(struct dl_phdr_info *info, size_t size, void *paths)
{
    g_autofree char *name = g_path_get_basename(info->dlpi_name);
    if (strcmp(name, LD_SO) != 0)
        return size == 0;
    for (guint i = 0; i < info->dlpi_phnum; i++) {
        if (info->dlpi_phdr[i].p_type != PT_NOTE)
            continue;
        const ElfW(Nhdr) *note = (const void *)(info->dlpi_addr + info->dlpi_phdr[i].p_vaddr);
        if (note->n_type != NT_GNU_BUILD_ID || note->n_namesz != sizeof "GNU")
            continue;
        const guint8 *id = (const guint8 *)(note + 1) + sizeof "GNU";
        g_autoptr(GString) path = g_string_new("/usr/lib/debug/.build-id/");
        for (guint j = 0; j < note->n_descsz; j++)
            g_string_append_printf(path, "%02x%s", id[j], j == 0 ? "/" : "");
        g_string_append(path, ".debug");
        add(paths, path->str, FALSE);
        break;
    }
    return 1;
}

static void add_valgrind(GPtrArray *paths)
{
    static const char *const places[] = {"/usr/bin/valgrind.bin", "/usr/bin/valgrind",
                                         "/usr/libexec/valgrind", "/usr/lib/valgrind"};
    for (guint i = 0; i < G_N_ELEMENTS(places); i++)
        add(paths, places[i], TRUE);
    dl_iterate_phdr(add_linker_debug_file, paths);
}

GPtrArray *sandbox_paths_new(SandboxProfile profile)
{
    GPtrArray *paths = g_ptr_array_new_with_free_func(path_free);
    if (profile == SANDBOX_COMPILER) {
        add_toolchain(paths);
        return paths;
    }
    add_libraries(paths);
    if (profile == SANDBOX_MEMCHECK)
        add_valgrind(paths);
    return paths;
}
