/* leftovers.c: see leftovers.h. */
#include "support/leftovers.h"

#include <criterion/criterion.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define GRACE_MS 5000

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

Leftovers leftovers_look(const char *scratch)
{
    return (Leftovers){.descriptors = count_entries("/proc/self/fd"),
                       .files = count_entries(scratch),
                       .ipc = count_ipc(),
                       .traces = count_traces()};
}

void leftovers_adopt(void)
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

void leftovers_compare(const Leftovers *before, const char *scratch, GString *faults)
{
    Leftovers after = leftovers_look(scratch);
    if (after.descriptors != before->descriptors)
        g_string_append_printf(faults, "  open descriptors: %u before, %u after\n",
                               before->descriptors, after.descriptors);
    if (after.files != before->files)
        g_string_append_printf(faults, "  %u files left in TMPDIR\n", after.files);
    if (after.ipc > before->ipc)
        g_string_append(faults, "  shared memory, semaphores or queues left behind\n");
    if (after.traces > before->traces)
        g_string_append(faults, "  an attack has written a file outside of its sandbox\n");
    if (!all_children_end())
        g_string_append(faults, "  a process was left behind\n");
}
