/*
 * test_hostile.c: grade every submission of tests/hostile with the real pipeline, and hold the
 * grader to what the first comment of each says (tests/hostile/README.md).
 *
 * A test for each kind of attack, in a process of its own: so several are graded at once, and what
 * one leaves behind is its own. The superuser grades some of them a second time, as nobody.
 */
#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <glib/gstdio.h>
#include <grp.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "hostile.h"

#define NOBODY 65534
#define TEST_SECONDS 900
#define GRACE_MS 5000

/* What one Criterion test grades: the submissions whose names begin with `kind`. */
typedef struct {
    char kind[16];
    int as_user;
} Batch;

/* ---- what must not be left behind ------------------------------------------------------------ */

static guint count_entries(const char *path)
{
    g_autoptr(GDir) folder = g_dir_open(path, 0, NULL);
    guint count = 0;
    while (folder != NULL && g_dir_read_name(folder) != NULL)
        count++;
    return count;
}

/* Lines of a table in /proc. */
static guint count_lines(const char *path)
{
    g_autofree char *text = NULL;
    if (!g_file_get_contents(path, &text, NULL, NULL))
        return 0;
    guint lines = 0;
    for (const char *at = text; (at = strchr(at, '\n')) != NULL; at++)
        lines++;
    return lines;
}

static guint count_ipc(void)
{
    return count_lines("/proc/sysvipc/shm") + count_lines("/proc/sysvipc/sem") +
           count_lines("/proc/sysvipc/msg");
}

/* The traces that the attacks of the corpus leave where they succeed. */
static guint count_traces(void)
{
    static const char *const traces[] = {"/tmp/attention-hostile", "/dev/shm/attention-hostile"};
    guint count = 0;
    for (guint i = 0; i < G_N_ELEMENTS(traces); i++)
        count += g_file_test(traces[i], G_FILE_TEST_EXISTS);
    return count;
}

typedef struct {
    guint descriptors, files, ipc, traces;
} Leftovers;

static Leftovers look_around(const char *scratch)
{
    return (Leftovers){.descriptors = count_entries("/proc/self/fd"),
                       .files = count_entries(scratch),
                       .ipc = count_ipc(),
                       .traces = count_traces()};
}

/* Whatever the grader starts and does not wait for becomes our own child. */
static void adopt_orphans(void)
{
    cr_assert(prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) == 0);
}

/* A process that was killed may need a moment to end. */
static gboolean all_children_end(void)
{
    for (;;) {
        pid_t child = waitpid(-1, NULL, WNOHANG);
        if (child < 0)
            return TRUE;
        if (child > 0)
            continue;
        g_autofree char *path = g_strdup_printf("/proc/self/task/%d/children", getpid());
        g_autofree char *children = NULL;
        if (!g_file_get_contents(path, &children, NULL, NULL))
            return FALSE;
        struct pollfd living = {.events = POLLIN};
        living.fd = (int)syscall(SYS_pidfd_open, atoi(children), 0);
        gboolean ended = living.fd >= 0 && poll(&living, 1, GRACE_MS) == 1;
        close(living.fd);
        if (!ended)
            return FALSE;
    }
}

static void compare_leftovers(const Leftovers *before, const Leftovers *after, GString *faults)
{
    if (after->descriptors != before->descriptors)
        g_string_append_printf(faults, "  open descriptors: %u before, %u after\n",
                               before->descriptors, after->descriptors);
    if (after->files != before->files)
        g_string_append_printf(faults, "  %u files left in TMPDIR\n", after->files);
    if (after->ipc > before->ipc)
        g_string_append(faults, "  shared memory, semaphores or queues left behind\n");
    if (after->traces > before->traces)
        g_string_append(faults, "  an attack has written a file outside of its sandbox\n");
    if (!all_children_end())
        g_string_append(faults, "  a process was left behind\n");
}

/* ---- one batch ------------------------------------------------------------------------------- */

static void grade_all(const HostileGrader *grader, const char *kind, GString *faults)
{
    g_autoptr(GPtrArray) names = hostile_names(grader, kind);
    cr_assert(names->len > 0 || g_getenv("HOSTILE") != NULL, "there is no attack '%s'", kind);
    for (guint i = 0; i < names->len; i++)
        hostile_judge(grader, names->pdata[i], faults);
}

static void run_batch(const char *kind)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *scratch = g_dir_make_tmp("hostile-XXXXXX", &error);
    cr_assert(scratch != NULL, "%s", error != NULL ? error->message : "");
    g_setenv("TMPDIR", scratch, TRUE);
    g_autoptr(HostileGrader) grader = hostile_grader_new(scratch, &error);
    cr_assert(grader != NULL, "%s", error != NULL ? error->message : "");

    g_autoptr(GString) faults = g_string_new(NULL);
    Leftovers before = look_around(scratch);
    grade_all(grader, kind, faults);
    Leftovers after = look_around(scratch);
    compare_leftovers(&before, &after, faults);
    g_rmdir(scratch);
    cr_assert(faults->len == 0, "\n%s", faults->str);
}

/* Become an ordinary user for good, or skip the test where that user cannot read the kit. */
static void become_nobody(void)
{
    if (geteuid() != 0)
        cr_skip_test("this is an ordinary user already");
    cr_assert(setgroups(0, NULL) == 0 && setresgid(NOBODY, NOBODY, NOBODY) == 0 &&
              setresuid(NOBODY, NOBODY, NOBODY) == 0);
    if (!hostile_kit_is_readable())
        cr_skip_test("nobody may not read the folder of the kit");
}

ParameterizedTestParameters(hostile, attacks)
{
    static Batch batches[] = {
        {"compile-", 0}, {"object-", 0}, {"run-", 0},    {"result-", 0},  {"input-", 0},
        {"forge-", 0},   {"escape-", 0}, {"memory-", 0}, {"watched-", 0}, {"report-", 0},
        {"compile-", 1}, {"forge-", 1},  {"escape-", 1}, {"input-", 1},
    };
    return cr_make_param_array(Batch, batches, G_N_ELEMENTS(batches));
}

ParameterizedTest(Batch *batch, hostile, attacks, .timeout = TEST_SECONDS)
{
    if (g_getenv("HOSTILE") == NULL)
        cr_skip_test("it takes minutes: make hostile");
    adopt_orphans();
    if (batch->as_user)
        become_nobody();
    run_batch(batch->kind);
}
