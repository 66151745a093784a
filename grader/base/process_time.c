/* process_time.c: see process_time.h. */
#include "base/process_time.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

/*
 * In clock ticks; 0 if it is of another session, or has gone. The name before the state may be
 * anything, brackets too.
 */
static guint64 ticks_of(const char *pid, pid_t session)
{
    g_autofree char *path = g_strdup_printf("/proc/%s/stat", pid);
    g_autofree char *text = NULL;
    if (!g_file_get_contents(path, &text, NULL, NULL))
        return 0;
    const char *rest = strrchr(text, ')');
    int its_session;
    unsigned long user, system;
    long waited_user, waited_system;
    if (rest == NULL ||
        sscanf(rest, ") %*c %*d %*d %d %*d %*d %*u %*u %*u %*u %*u %lu %lu %ld %ld", &its_session,
               &user, &system, &waited_user, &waited_system) != 5 ||
        its_session != session)
        return 0;
    return user + system + (guint64)waited_user + (guint64)waited_system;
}

gint64 process_time_of_session(pid_t session)
{
    g_autoptr(GDir) processes = g_dir_open("/proc", 0, NULL);
    guint64 ticks = 0;
    const char *name;
    while (processes != NULL && (name = g_dir_read_name(processes)) != NULL)
        if (g_ascii_isdigit(*name))
            ticks += ticks_of(name, session);
    return (gint64)ticks * G_TIME_SPAN_SECOND / sysconf(_SC_CLK_TCK);
}
