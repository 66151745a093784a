/* debug.c: `grader debug DIR --test ITEM/TEST`: gdb with the calls of one public test. */
#include <stdio.h>

#include "commands/session.h"

/*
 * What gdb does first: run until the object is loaded, and only then set the breakpoints, which it
 * would call unknown before.
 */
static gboolean write_script(const Session *session, const char *path, GError **error)
{
    g_autoptr(GString) script = g_string_new("set confirm off\n"
                                             "set print pretty on\n"
                                             "tbreak session_ready\n"
                                             "commands\nsilent\nend\n"
                                             "run\n");
    g_autofree const char **functions = session_functions(session);
    for (const char **function = functions; *function != NULL; function++)
        g_string_append_printf(script, "break %s\n", *function);
    g_string_append(script, "continue\n");
    return g_file_set_contents(path, script->str, -1, error);
}

static void explain(void)
{
    printf("gdb stops at each call. next: one line on; print *Q: a tensor;\n"
           "print *Q->data@6: its first six elements; continue: to the next call;\n"
           "Ctrl-C: stop a loop; backtrace: who called; quit: leave.\n\n");
    fflush(stdout);
}

static int start_gdb(const Session *session, const char *folder, GError **error)
{
    g_autofree char *script = g_build_filename(session->scratch, "gdb", NULL);
    const char *const gdb[] = {"gdb", "-q",   "-iex",   "set auto-load libthread-db off",
                               "-x",  script, "--args", NULL};
    if (!write_script(session, script, error))
        return EXIT_OWN_FAULT;
    explain();
    /* gdb looks for attention.c in its working directory, which is the student's. */
    return session_run(session, folder, gdb, EXIT_OWN_FAULT, error);
}

static int run_debug(int argc, char **argv, GError **error)
{
    const SessionCommand how = {"Stop in your functions as the test calls them.", "gdb",
                                COMPILE_TO_DEBUG, start_gdb};
    return session_command(&command_debug, &how, argc, argv, error);
}

const Command command_debug = {"debug", "DIR", "gdb with the calls of one public test", run_debug};
