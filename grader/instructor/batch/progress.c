/* progress.c: see progress.h. */
#include "instructor/batch/progress.h"

#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/escape.h"
#include "base/wrap.h"

struct Progress {
    guint total, done;
    gboolean quiet, live;
    gboolean drawn; /* the line is on the terminal, and is wiped before anything else is written */
    gint64 started;
    GPtrArray *running; /* char *, escaped, the longest running first */
};

Progress *progress_new(guint total, gboolean quiet)
{
    Progress *progress = g_new0(Progress, 1);
    progress->total = total;
    progress->quiet = quiet;
    progress->live = !quiet && isatty(STDERR_FILENO) && g_strcmp0(g_getenv("TERM"), "dumb") != 0;
    progress->started = g_get_monotonic_time();
    progress->running = g_ptr_array_new_with_free_func(g_free);
    return progress;
}

static void wipe(Progress *progress)
{
    if (progress->drawn)
        fputs("\r\x1b[K", stderr);
    progress->drawn = FALSE;
}

void progress_free(Progress *progress)
{
    wipe(progress);
    fflush(stderr);
    g_ptr_array_unref(progress->running);
    g_free(progress);
}

static guint columns(void)
{
    struct winsize size;
    if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 20)
        return size.ws_col;
    return WRAP_WIDTH;
}

/* "40 s", "3 min", "2 h 5 min". */
static char *duration(double seconds)
{
    if (seconds < 100)
        return g_strdup_printf("%.0f s", seconds);
    guint minutes = (guint)(seconds / 60 + 0.5);
    if (minutes < 100)
        return g_strdup_printf("%u min", minutes);
    return g_strdup_printf("%u h %u min", minutes / 60, minutes % 60);
}

/* Cut what is wider than the terminal: a line that wraps cannot be drawn over. */
static void cut(GString *line, guint width)
{
    while (line->len > 0 && wrap_columns(line->str) >= width)
        g_string_truncate(
            line, (gsize)(g_utf8_find_prev_char(line->str, line->str + line->len) - line->str));
}

static void draw(Progress *progress)
{
    double elapsed = (double)(g_get_monotonic_time() - progress->started) / G_USEC_PER_SEC;
    g_autoptr(GString) line = g_string_new(NULL);
    g_string_append_printf(line, "%u/%u", progress->done, progress->total);
    if (progress->done > 0 && elapsed > 0) {
        double rate = progress->done / elapsed;
        g_autofree char *left = duration((progress->total - progress->done) / rate);
        g_string_append_printf(line, "  %.1f/s  %s left", rate, left);
    }
    for (guint i = 0; i < progress->running->len; i++)
        g_string_append_printf(line, "%s%s", i == 0 ? "  running: " : ", ",
                               (const char *)progress->running->pdata[i]);
    cut(line, columns());
    fprintf(stderr, "\r%s\x1b[K", line->str);
    fflush(stderr);
    progress->drawn = TRUE;
}

void progress_tick(Progress *progress)
{
    if (progress->live)
        draw(progress);
}

void progress_begin(Progress *progress, const char *name)
{
    g_ptr_array_add(progress->running, escape_text(name, -1, 60, FALSE));
    progress_tick(progress);
}

void progress_end(Progress *progress, const char *name, const char *outcome)
{
    g_autofree char *safe = escape_text(name, -1, 60, FALSE);
    guint index;
    if (g_ptr_array_find_with_equal_func(progress->running, safe, g_str_equal, &index))
        g_ptr_array_remove_index(progress->running, index);
    progress->done++;
    if (progress->live || progress->quiet) {
        progress_tick(progress);
        return;
    }
    int width = snprintf(NULL, 0, "%u", progress->total);
    fprintf(stderr, "[%*u/%u] %s: %s\n", width, progress->done, progress->total, safe, outcome);
}

void progress_skip(Progress *progress)
{
    progress->total--;
}

void progress_say(Progress *progress, const char *text)
{
    wipe(progress);
    fprintf(stderr, "grader: %s\n", text);
    progress_tick(progress);
}
