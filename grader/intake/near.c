#include "intake/near.h"

#include <dirent.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/escape.h"

enum {
    ENTRIES_LIMIT = 2000, /* names looked at, in all folders together */
    DEPTH_LIMIT = 3,
    NAME_LIMIT = 100, /* bytes of a name that are shown */
};

typedef struct {
    const char *wanted;
    char *stem;      /* "attention" */
    char *elsewhere; /* path of a file with the right name in a sub-folder */
    char *similar;   /* name of a file at the top that is much like the wanted one */
    char *only;      /* name of the one other C file at the top */
    char *archive;   /* name of an archive at the top */
    guint n_c, entries;
} Search;

static gboolean is_regular(int fd, const char *name)
{
    struct stat info;
    return fstatat(fd, name, &info, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(info.st_mode);
}

/* "Attention.C", "attention (1).c", "attention.c.txt", "attention_end.cpp": stem first, then .c */
static gboolean is_similar(const Search *search, const char *name)
{
    g_autofree char *lower = g_ascii_strdown(name, -1);
    return g_str_has_prefix(lower, search->stem) && strstr(lower, ".c") != NULL;
}

gboolean intake_is_archive(const char *name)
{
    static const char *const endings[] = {".zip", ".tar", ".gz",  ".tgz", ".bz2",
                                          ".xz",  ".zst", ".rar", ".7z"};
    g_autofree char *lower = g_ascii_strdown(name, -1);
    for (gsize i = 0; i < G_N_ELEMENTS(endings); i++)
        if (g_str_has_suffix(lower, endings[i]))
            return TRUE;
    return FALSE;
}

static void look_at_top(Search *search, int fd, const char *name)
{
    if (!is_regular(fd, name))
        return;
    if (search->similar == NULL && is_similar(search, name))
        search->similar = g_strdup(name);
    if (search->archive == NULL && intake_is_archive(name))
        search->archive = g_strdup(name);
    /* tensor.c is the kit's own, and beside attention.c in every student's repo. */
    if (g_str_has_suffix(name, ".c") && !g_str_equal(name, "tensor.c") && ++search->n_c == 1)
        search->only = g_strdup(name);
}

static void search_folder(Search *search, int fd, const char *path, guint depth);

static void look_below(Search *search, int fd, const char *path, const char *name, guint depth)
{
    int below = openat(fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (below < 0)
        return;
    g_autofree char *inner = g_build_filename(path, name, NULL);
    if (search->elsewhere == NULL && is_regular(below, search->wanted))
        search->elsewhere = g_build_filename(inner, search->wanted, NULL);
    search_folder(search, below, inner, depth + 1);
}

/* Takes over fd. */
static void search_folder(Search *search, int fd, const char *path, guint depth)
{
    DIR *folder = depth < DEPTH_LIMIT ? fdopendir(fd) : NULL;
    if (folder == NULL) {
        close(fd);
        return;
    }
    for (struct dirent *entry; (entry = readdir(folder)) != NULL;) {
        if (++search->entries > ENTRIES_LIMIT || search->elsewhere != NULL)
            break;
        if (entry->d_name[0] == '.')
            continue;
        if (depth == 0)
            look_at_top(search, fd, entry->d_name);
        look_below(search, fd, path, entry->d_name, depth);
    }
    closedir(folder);
}

char *intake_near(int fd, const char *wanted)
{
    int own = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (own < 0)
        return NULL;
    Search search = {.wanted = wanted};
    search.stem = g_ascii_strdown(wanted, (gssize)strcspn(wanted, "."));
    search_folder(&search, own, "", 0);

    char *sentence = NULL;
    const char *name = search.similar != NULL ? search.similar : search.only;
    if (search.elsewhere != NULL) {
        g_autofree char *shown = escape_text(search.elsewhere, -1, NAME_LIMIT, FALSE);
        sentence = g_strdup_printf("there is a file '%s': put it at the top", shown);
    } else if (name != NULL && (search.similar != NULL || search.n_c == 1)) {
        g_autofree char *shown = escape_text(name, -1, NAME_LIMIT, FALSE);
        sentence = g_strdup_printf("there is a file '%s': name it '%s'", shown, wanted);
    } else if (search.archive != NULL) {
        g_autofree char *shown = escape_text(search.archive, -1, NAME_LIMIT, FALSE);
        sentence = g_strdup_printf("there is an archive '%s': hand in '%s' itself", shown, wanted);
    }
    g_free(search.stem);
    g_free(search.archive);
    g_free(search.elsewhere);
    g_free(search.similar);
    g_free(search.only);
    return sentence;
}
