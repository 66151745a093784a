/* git_commit.c: see git_commit.h. The layout is that of gitrepository-layout(5). */
#include "instructor/inbox/git_commit.h"

#include <stdlib.h>
#include <string.h>

#include "instructor/inbox/folder.h"

#define MAX_SYMBOLIC 5 /* a ref may name another one */

/* A repository; paths are below the root. */
typedef struct {
    char *root;   /* absolute, without links */
    char *git;    /* where HEAD is */
    char *common; /* where refs are: for a worktree, in the repository that it belongs to */
} Repository;

static void repository_clear(Repository *repository)
{
    free(repository->root);
    g_free(repository->git);
    g_free(repository->common);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Repository, repository_clear)

/* The first line of a small file, or NULL. */
static char *first_line(const char *root, const char *folder, const char *name)
{
    g_autofree char *path = g_build_filename(folder, name, NULL);
    g_autoptr(GBytes) bytes = folder_read(root, path, 1 << 20, NULL);
    if (bytes == NULL)
        return NULL;
    gsize length;
    const char *text = g_bytes_get_data(bytes, &length);
    gsize line = 0;
    while (line < length && text[line] != '\n' && text[line] != '\r' && text[line] != '\0')
        line++;
    return g_strndup(text, line);
}

/*
 * Make a path that is relative to `folder` relative to the root. NULL if it leads out of the root.
 */
static char *below(const char *root, const char *folder, const char *path)
{
    g_autofree char *from = g_build_filename(root, folder, NULL);
    g_autofree char *full = g_canonicalize_filename(path, from);
    gsize length = strlen(root);
    return strncmp(full, root, length) == 0 && full[length] == '/' ? g_strdup(full + length + 1)
                                                                   : NULL;
}

/* FALSE if the folder is no clone, or its repository lies outside of the root. */
static gboolean find_repository(Repository *repository, const char *root, const char *folder)
{
    g_autofree char *whole = g_canonicalize_filename(root, NULL);
    g_autofree char *there = g_canonicalize_filename(folder, NULL);
    g_autofree char *inner = below(whole, "", there);
    const char *from = inner != NULL ? inner : "";
    repository->root = realpath(root, NULL);
    if (repository->root == NULL)
        return FALSE;
    g_autofree char *file = first_line(repository->root, from, ".git");
    if (file == NULL)
        repository->git = g_build_filename(from, ".git", NULL);
    else if (g_str_has_prefix(file, "gitdir: "))
        repository->git = below(repository->root, from, file + strlen("gitdir: "));
    if (repository->git == NULL)
        return FALSE;
    g_autofree char *common = first_line(repository->root, repository->git, "commondir");
    repository->common = common != NULL ? below(repository->root, repository->git, common)
                                        : g_strdup(repository->git);
    return repository->common != NULL;
}

static gboolean is_commit(const char *text)
{
    gsize length = strlen(text);
    return (length == 40 || length == 64) && strspn(text, "0123456789abcdef") == length;
}

/* Look for the line "COMMIT refs/heads/main" in packed-refs. */
static char *packed_commit(const Repository *repository, const char *ref)
{
    g_autofree char *path = g_build_filename(repository->common, "packed-refs", NULL);
    g_autoptr(GBytes) bytes = folder_read(repository->root, path, 4 << 20, NULL);
    if (bytes == NULL)
        return NULL;
    gsize length;
    const char *data = g_bytes_get_data(bytes, &length);
    g_autofree char *text = g_strndup(data, length);
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    for (char **line = lines; *line != NULL; line++) {
        char *blank = strchr(*line, ' ');
        if (blank == NULL || strcmp(blank + 1, ref) != 0)
            continue;
        *blank = '\0';
        return is_commit(*line) ? g_strdup(*line) : NULL;
    }
    return NULL;
}

char *git_commit(const char *root, const char *folder)
{
    g_auto(Repository) repository = {0};
    if (!find_repository(&repository, root, folder))
        return NULL;
    g_autofree char *text = first_line(repository.root, repository.git, "HEAD");
    for (guint i = 0; text != NULL && i < MAX_SYMBOLIC; i++) {
        if (is_commit(text))
            return g_steal_pointer(&text);
        if (!g_str_has_prefix(text, "ref: refs/") || strstr(text, "..") != NULL)
            return NULL;
        g_autofree char *ref = g_strdup(text + strlen("ref: "));
        g_free(text);
        text = first_line(repository.root, repository.common, ref);
        if (text == NULL)
            text = packed_commit(&repository, ref);
    }
    return NULL;
}
