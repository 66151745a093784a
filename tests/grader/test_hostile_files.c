/*
 * test_hostile_files.c: submissions that git cannot hold (links, pipes, devices, odd names), graded
 * like those of tests/hostile. Each gets its verdict at once, and nothing is left behind.
 */
#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/files.h"
#include "support/hostile.h"

#define TEST_SECONDS 300
#define MANY 10000
#define DEEP 200

/* ---- making them ----------------------------------------------------------------------------- */

static gboolean write_in(const char *folder, const char *name, const char *text)
{
    g_autofree char *path = g_build_filename(folder, name, NULL);
    return g_file_set_contents(path, text, -1, NULL);
}

static gboolean make_honest(const char *folder, const char *path)
{
    (void)folder;
    return files_copy("solution/attention.c", path, 0644, NULL);
}

static gboolean make_nothing(const char *folder, const char *path)
{
    (void)folder;
    (void)path;
    return TRUE;
}

static gboolean make_pipe(const char *folder, const char *path)
{
    (void)folder;
    return mkfifo(path, 0644) == 0;
}

/* Opening it fails before anybody can see what it is. */
static gboolean make_shut_pipe(const char *folder, const char *path)
{
    (void)folder;
    return mkfifo(path, 0) == 0;
}

static gboolean make_link(const char *folder, const char *path)
{
    (void)folder;
    return symlink("/etc/passwd", path) == 0;
}

static gboolean make_link_to_nothing(const char *folder, const char *path)
{
    (void)folder;
    return symlink("attention.c", path) == 0;
}

static gboolean make_hard_link(const char *folder, const char *path)
{
    g_autofree char *other = g_build_filename(folder, "other.c", NULL);
    return make_honest(folder, other) && link(other, path) == 0;
}

static gboolean make_folder(const char *folder, const char *path)
{
    (void)folder;
    return g_mkdir(path, 0755) == 0;
}

static gboolean make_socket(const char *folder, const char *path)
{
    (void)folder;
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (g_strlcpy(address.sun_path, path, sizeof address.sun_path) >= sizeof address.sun_path)
        return FALSE;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    gboolean made = bind(fd, (struct sockaddr *)&address, sizeof address) == 0;
    close(fd);
    return made;
}

/* Only the superuser can, and not in each container. */
static gboolean make_device(const char *folder, const char *path)
{
    (void)folder;
    return mknod(path, S_IFCHR | 0666, makedev(1, 5)) == 0; /* /dev/zero */
}

static gboolean make_sparse(const char *folder, const char *path)
{
    return make_honest(folder, path) && truncate(path, (off_t)1 << 40) == 0;
}

static gboolean make_unreadable(const char *folder, const char *path)
{
    return make_honest(folder, path) && g_chmod(path, 0) == 0;
}

static gboolean make_names(const char *folder, const char *path)
{
    (void)path;
    static const char *const names[] = {"attention\n::error::x.c", "attention\033]0;PASS\a.c",
                                        "attention\xe2\x80\xae.c", "attention\xff.c",
                                        "-fplugin=x.so",           "@args",
                                        "attention.c\n",           "\n"};
    for (gsize i = 0; i < G_N_ELEMENTS(names); i++)
        if (!write_in(folder, names[i], "int a;\n"))
            return FALSE;
    return TRUE;
}

static gboolean make_many(const char *folder, const char *path)
{
    (void)path;
    for (guint i = 0; i < MANY; i++) {
        g_autofree char *name = g_strdup_printf("%s/attention (%u).c", folder, i);
        int fd = g_open(name, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
        if (fd < 0 || close(fd) != 0)
            return FALSE;
    }
    return TRUE;
}

static gboolean make_deep(const char *folder, const char *path)
{
    (void)path;
    g_autoptr(GString) deep = g_string_new(folder);
    for (guint i = 0; i < DEEP; i++)
        g_string_append(deep, "/d");
    return g_mkdir_with_parents(deep->str, 0755) == 0 && write_in(deep->str, "attention.c", "x");
}

/* What could take the place of the kit's own files, or change how its programs behave. */
static gboolean make_company(const char *folder, const char *path)
{
    static const char *const names[] = {
        "tensor.h",    "attention.h", "math.h",   "worker", "attention.so", "Makefile",
        ".valgrindrc", ".gdbinit",    "tensor.o", "specs",  "rubric.yaml",  "-fplugin=x.so"};
    for (gsize i = 0; i < G_N_ELEMENTS(names); i++)
        if (!write_in(folder, names[i], "--quiet \n#error this is not the kit's\n"))
            return FALSE;
    return make_names(folder, path) && make_many(folder, path) && make_honest(folder, path);
}

/* ---- judging them ---------------------------------------------------------------------------- */

typedef struct {
    const char *name;
    gboolean (*make)(const char *folder, const char *path);
    SubmissionStatus status;
    const char *says; /* in its reason */
} Oddity;

static const Oddity oddities[] = {
    {"intake-pipe", make_pipe, SUBMISSION_REFUSED, "is a named pipe"},
    {"intake-pipe-shut", make_shut_pipe, SUBMISSION_REFUSED, "is a named pipe"},
    {"intake-link", make_link, SUBMISSION_REFUSED, "is a symbolic link"},
    {"intake-link-loop", make_link_to_nothing, SUBMISSION_REFUSED, "is a symbolic link"},
    {"intake-hard-link", make_hard_link, SUBMISSION_REFUSED, "is a hard link"},
    {"intake-folder", make_folder, SUBMISSION_REFUSED, "is a folder"},
    {"intake-socket", make_socket, SUBMISSION_REFUSED, "is a socket"},
    {"intake-sparse", make_sparse, SUBMISSION_REFUSED, "is larger than"},
    {"intake-names", make_names, SUBMISSION_MISSING, "no attention.c"},
    {"intake-many", make_many, SUBMISSION_MISSING, "no attention.c"},
    {"intake-deep", make_deep, SUBMISSION_MISSING, "no attention.c"},
    {"intake-\033[2J\n::error::\xff", make_nothing, SUBMISSION_MISSING, "no attention.c"},
    {"intake-company", make_company, SUBMISSION_GRADED, NULL},
};

/* What only one kind of user can make, or gets another verdict for. */
static const Oddity of_superuser[] = {
    {"intake-device", make_device, SUBMISSION_REFUSED, "is a device"},
    {"intake-unreadable", make_unreadable, SUBMISSION_GRADED, NULL},
};
static const Oddity of_user[] = {
    {"intake-unreadable", make_unreadable, SUBMISSION_UNGRADED, "Permission denied"},
};

static void judge(const Oddity *oddity, const Result *result, GString *faults)
{
    const char *reason = result->reason != NULL ? result->reason : "";
    double score = oddity->status == SUBMISSION_GRADED ? result->max_score : 0;
    hostile_judge_reports(oddity->name, result, faults);
    if (result->status != oddity->status || result->score != score ||
        (oddity->says != NULL && strstr(reason, oddity->says) == NULL))
        g_string_append_printf(faults, "  %s: %s, %g points: %s\n", oddity->name,
                               submission_status_word(result->status), result->score, reason);
}

static void grade(const Workbench *bench, const Oddity *oddity, GString *faults)
{
    if (!g_str_has_prefix(oddity->name, g_getenv("HOSTILE")))
        return;
    g_autoptr(FilesScratch) root = files_scratch_new(NULL);
    cr_assert_not_null(root);
    g_autofree char *folder = g_build_filename(root, oddity->name, NULL);
    g_autofree char *path = g_build_filename(folder, "attention.c", NULL);
    cr_assert_eq(g_mkdir(folder, 0755), 0);
    if (!oddity->make(folder, path)) {
        cr_expect_eq(oddity->make, make_device, "%s cannot be made", oddity->name);
        return;
    }
    g_autoptr(Result) result = hostile_grade(bench, oddity->name, folder);
    judge(oddity, result, faults);
}

static void grade_all(const Workbench *bench, G_GNUC_UNUSED const void *data, GString *faults)
{
    gboolean superuser = geteuid() == 0;
    const Oddity *more = superuser ? of_superuser : of_user;
    gsize n_more = superuser ? G_N_ELEMENTS(of_superuser) : G_N_ELEMENTS(of_user);
    for (gsize i = 0; i < G_N_ELEMENTS(oddities); i++)
        grade(bench, &oddities[i], faults);
    for (gsize i = 0; i < n_more; i++)
        grade(bench, &more[i], faults);
}

ParameterizedTestParameters(hostile, files)
{
    static int as_user[] = {0, 1};
    return cr_make_param_array(int, as_user, G_N_ELEMENTS(as_user));
}

ParameterizedTest(int *as_user, hostile, files, .timeout = TEST_SECONDS)
{
    hostile_run(*as_user, grade_all, NULL);
}
