/* audit.c: see audit.h. */
#include "instructor/release/audit.h"

#include <string.h>

#include "instructor/release/release.h"
#include "instructor/release/stub.h"
#include "run/run.h"

/* Shorter files have no secrets, and may equal others by chance. */
#define SECRET_FILE 200

/* A text that must not be found, and what findings call it. */
typedef struct {
    char *text;
    gboolean whole_word;
    const char *what;
} Secret;

typedef struct {
    GPtrArray *secrets;    /* Secret */
    GHashTable *checksums; /* of whole files -> their names */
    GPtrArray *findings;   /* char * */
} Audit;

static void secret_free(Secret *secret)
{
    g_free(secret->text);
    g_free(secret);
}

static void audit_clear(Audit *audit)
{
    g_clear_pointer(&audit->secrets, g_ptr_array_unref);
    g_clear_pointer(&audit->checksums, g_hash_table_unref);
    g_clear_pointer(&audit->findings, g_ptr_array_unref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Audit, audit_clear)

/* ---- what to look for ------------------------------------------------------------------------ */

static void add_secret(Audit *audit, const char *text, gboolean whole_word, const char *what)
{
    Secret *secret = g_new(Secret, 1);
    secret->text = g_strdup(text);
    secret->whole_word = whole_word;
    secret->what = what;
    g_ptr_array_add(audit->secrets, secret);
}

static gboolean add_solution(Audit *audit, const char *root, GError **error)
{
    g_autofree char *path = g_build_filename(root, "solution", "attention.c", NULL);
    g_autofree char *text = NULL;
    if (!g_file_get_contents(path, &text, NULL, error))
        return FALSE;
    g_auto(GStrv) lines = stub_secret_lines(text, "solution/attention.c", error);
    if (lines == NULL)
        return FALSE;
    for (char **line = lines; *line != NULL; line++)
        add_secret(audit, *line, FALSE, "a line of the solution");
    /* The markers are put together here, so that the audit does not find them in this file. */
    static const char *const markers[] = {"BEGIN", "END"};
    for (gsize i = 0; i < G_N_ELEMENTS(markers); i++) {
        g_autofree char *marker = g_strconcat(markers[i], " SOLUTION", NULL);
        add_secret(audit, marker, FALSE, "a marker of the solution");
    }
    return TRUE;
}

static gboolean is_public(const GPtrArray *public, const ListedTest *test, gboolean in_suite)
{
    for (guint i = 0; i < public->len; i++) {
        const ListedTest *each = public->pdata[i];
        if (g_str_equal(each->name, test->name) &&
            (!in_suite || g_str_equal(each->suite, test->suite)))
            return TRUE;
    }
    return FALSE;
}

static gboolean has_public_title(const GPtrArray *public, const ListedTest *test)
{
    for (guint i = 0; i < public->len; i++)
        if (g_strcmp0(((const ListedTest *)public->pdata[i])->title, test->title) == 0)
            return TRUE;
    return FALSE;
}

/* A name of one word ("scale") may occur in any sentence, so it is looked for with its suite. */
static void add_hidden(Audit *audit, const GPtrArray *public, const ListedTest *test)
{
    static const char *const forms[] = {"/", ".", ", "};
    for (gsize i = 0; i < G_N_ELEMENTS(forms) && !is_public(public, test, TRUE); i++) {
        g_autofree char *full = g_strconcat(test->suite, forms[i], test->name, NULL);
        add_secret(audit, full, TRUE, "the name of a hidden test");
    }
    if (strchr(test->name, '_') != NULL && !is_public(public, test, FALSE))
        add_secret(audit, test->name, TRUE, "the name of a hidden test");
    if (test->title != NULL && strchr(test->title, ' ') != NULL && !has_public_title(public, test))
        add_secret(audit, test->title, TRUE, "the title of a hidden test");
}

/* Add the checksum of every file in a folder of the kit. The folder may be missing. */
static void add_files(Audit *audit, const char *root, const char *name)
{
    g_autofree char *path = g_build_filename(root, name, NULL);
    g_autoptr(GDir) folder = g_dir_open(path, 0, NULL);
    char *bytes;
    gsize length;
    if (folder != NULL) {
        for (const char *inner; (inner = g_dir_read_name(folder)) != NULL;) {
            g_autofree char *next = g_build_filename(name, inner, NULL);
            add_files(audit, root, next);
        }
    } else if (g_file_get_contents(path, &bytes, &length, NULL)) {
        if (length >= SECRET_FILE)
            g_hash_table_insert(
                audit->checksums,
                g_compute_checksum_for_data(G_CHECKSUM_SHA256, (guchar *)bytes, length),
                g_strdup(name));
        g_free(bytes);
    }
}

/* The sample class has a submission that is the starter, which students get. */
static void forget_starter(Audit *audit, const char *root)
{
    g_autofree char *path = g_build_filename(root, "starter", "attention.c", NULL);
    g_autofree char *bytes = NULL;
    gsize length;
    if (!g_file_get_contents(path, &bytes, &length, NULL))
        return;
    g_autofree char *checksum =
        g_compute_checksum_for_data(G_CHECKSUM_SHA256, (guchar *)bytes, length);
    g_hash_table_remove(audit->checksums, checksum);
}

/* ---- looking --------------------------------------------------------------------------------- */

static gboolean is_word_byte(char byte)
{
    return g_ascii_isalnum(byte) || byte == '_';
}

static gboolean line_has(const char *line, const Secret *secret)
{
    gsize length = strlen(secret->text);
    for (const char *at = line; (at = strstr(at, secret->text)) != NULL; at++)
        if (!secret->whole_word ||
            ((at == line || !is_word_byte(at[-1])) && !is_word_byte(at[length])))
            return TRUE;
    return FALSE;
}

static void audit_line(Audit *audit, const char *name, guint number, const char *line)
{
    for (guint i = 0; i < audit->secrets->len; i++) {
        const Secret *secret = audit->secrets->pdata[i];
        if (line_has(line, secret))
            g_ptr_array_add(audit->findings, g_strdup_printf("%s:%u: %s: %s", name, number,
                                                             secret->what, secret->text));
    }
}

static void audit_file(Audit *audit, const ReleaseFile *file)
{
    gsize length;
    const char *bytes = g_bytes_get_data(file->bytes, &length);
    g_autofree char *checksum =
        g_compute_checksum_for_data(G_CHECKSUM_SHA256, (const guchar *)bytes, length);
    const char *same = g_hash_table_lookup(audit->checksums, checksum);
    if (same != NULL)
        g_ptr_array_add(audit->findings, g_strdup_printf("%s: is %s", file->name, same));
    g_autofree char *text = g_malloc0(length + 1);
    if (length > 0)
        memcpy(text, bytes, length);
    if (strlen(text) < length && !g_str_has_suffix(file->name, ".weights")) {
        g_ptr_array_add(audit->findings, g_strdup_printf("%s: is no text", file->name));
        return;
    }
    /* A model's weights are numbers, and what stands between them is searched all the same. */
    for (char *at = text; (at = memchr(at, '\0', (gsize)(text + length - at))) != NULL;)
        *at = '\n';
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    for (guint i = 0; lines[i] != NULL; i++)
        audit_line(audit, file->name, i + 1, lines[i]);
}

GPtrArray *release_audit(const char *root, const GPtrArray *files, const GPtrArray *public,
                         const GPtrArray *hidden, GError **error)
{
    static const char *const folders[] = {"solution",      "tests/hidden",      "tests/mutants",
                                          "tests/correct", "tests/submissions", "tests/hostile"};
    g_auto(Audit)
        audit = {.secrets = g_ptr_array_new_with_free_func((GDestroyNotify)secret_free),
                 .checksums = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free),
                 .findings = g_ptr_array_new_with_free_func(g_free)};
    if (!add_solution(&audit, root, error))
        return NULL;
    for (guint i = 0; i < hidden->len; i++)
        add_hidden(&audit, public, hidden->pdata[i]);
    for (gsize i = 0; i < G_N_ELEMENTS(folders); i++)
        add_files(&audit, root, folders[i]);
    forget_starter(&audit, root);
    for (guint i = 0; i < files->len; i++)
        audit_file(&audit, files->pdata[i]);
    return g_steal_pointer(&audit.findings);
}
