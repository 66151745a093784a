/* session.c: see session.h. */
#include "commands/session.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#include "base/error.h"
#include "base/escape.h"
#include "base/wrap.h"
#include "compile/compile.h"
#include "run/run.h"

/* ---- the test -------------------------------------------------------------------------------- */

void session_free(Session *session)
{
    if (session == NULL)
        return;
    g_clear_pointer(&session->kit, kit_free);
    g_clear_pointer(&session->result, result_free);
    g_clear_pointer(&session->scratch, files_scratch_free);
    g_clear_pointer(&session->log, call_log_free);
    g_free(session->test);
    g_free(session->log_path);
    g_free(session->object);
    g_free(session);
}

static gboolean run_test(Session *session, const GradeContext *context, const char *folder,
                         guint32 seed, CompilePurpose purpose, GError **error)
{
    session->result = grade_run_tests(context, folder, seed, purpose, session->scratch, error);
    if (session->result == NULL)
        return FALSE;
    g_auto(GStrv) parts = g_strsplit(session->test, "/", 2);
    session->log_path = run_call_log_path(session->scratch, parts[0], parts[1]);
    session->object = g_build_filename(session->scratch, "box", COMPILE_OBJECT, NULL);
    if (!g_file_test(session->log_path, G_FILE_TEST_EXISTS))
        return TRUE;
    session->log = call_log_read(session->log_path, error);
    return session->log != NULL;
}

Session *session_new(const GradeOptions *options, const char *folder, const char *test,
                     CompilePurpose purpose, GError **error)
{
    g_autoptr(Session) session = g_new0(Session, 1);
    g_autoptr(Workbench) bench = workbench_open(options->rubric, "public", error);
    if (bench == NULL || !run_has_test(bench->context->listed, test, error) ||
        (session->scratch = files_scratch_new(error)) == NULL)
        return NULL;
    session->test = g_strdup(test);
    bench->context->filter = g_strdup(test);
    if (!run_test(session, bench->context, folder, options_seed(options), purpose, error))
        return NULL;
    session->kit = g_steal_pointer(&bench->kit);
    return g_steal_pointer(&session);
}

const TestResult *session_test(const Session *session)
{
    for (guint i = 0; i < session->result->items->len; i++) {
        const ItemResult *item = session->result->items->pdata[i];
        if (item->tests->len > 0)
            return item->tests->pdata[0];
    }
    return NULL;
}

static gboolean computes(const ApiFunction *function)
{
    return function->gives == API_GIVES_TENSOR || function->gives == API_GIVES_ATTENTION;
}

const char **session_functions(const Session *session)
{
    GPtrArray *functions = g_ptr_array_new();
    for (int computing = TRUE; computing >= FALSE && functions->len == 0; computing--) {
        for (guint i = 0; i < session->log->calls->len; i++) {
            const ApiFunction *function = api_function(call_log_get(session->log, i)->request.kind);
            if (function != NULL && computes(function) == computing &&
                !g_ptr_array_find(functions, function->name, NULL))
                g_ptr_array_add(functions, (char *)function->name);
        }
    }
    g_ptr_array_add(functions, NULL);
    return (const char **)g_ptr_array_free(functions, FALSE);
}

/* ---- the command ----------------------------------------------------------------------------- */

static gboolean find_program(const char *program, GError **error)
{
    g_autofree char *path = g_find_program_in_path(program);
    if (path == NULL)
        g_set_error(error, GRADER_ERROR, GRADER_ERROR_INSTALL,
                    "%s is not installed; run 'make setup'", program);
    return path != NULL;
}

/* One line that says how the test went, and one that says what happens now. */
static void introduce(const Session *session)
{
    const TestResult *test = session_test(session);
    guint calls = session->log->calls->len;
    g_autofree char *message =
        escape_text(test->message != NULL ? test->message : "it passes", -1, 1000, FALSE);
    g_autofree char *line =
        g_strdup_printf("%s, seed %u: %s", session->test, session->result->seed, message);
    g_autoptr(GString) wrapped = g_string_new(NULL);
    wrap_text(wrapped, 0, 2, line);
    printf("%s\n", wrapped->str);
    printf("Its %u call%s made again, without the sandbox: your code on your machine.\n", calls,
           calls == 1 ? " is" : "s are");
    if (test->status != TEST_PASSED && calls > 1)
        printf("A test ends with the first mistake, so look at the last call first.\n");
    fflush(stdout);
}

int session_command(const Command *command, const SessionCommand *how, int argc, char **argv,
                    GError **error)
{
    g_auto(GradeOptions) options = {0};
    g_autofree char *test = NULL;
    const GOptionEntry entries[] = {{"test", 't', 0, G_OPTION_ARG_STRING, &test,
                                     "the public test whose calls are made again", "ITEM/TEST"},
                                    G_OPTION_ENTRY_NULL};
    if (!options_parse(&options, command->arguments, how->summary, entries, &argc, &argv, error))
        return EXIT_USAGE;
    if (argc != 2) {
        g_set_error(error, GRADER_ERROR, GRADER_ERROR_USAGE, "%s takes one folder: %s %s starter",
                    command->name, "grader", command->name);
        return EXIT_USAGE;
    }
    if (!find_program(how->program, error))
        return EXIT_OWN_FAULT;
    g_autoptr(Session) session = session_new(&options, argv[1], test, how->purpose, error);
    if (session == NULL)
        return EXIT_OWN_FAULT;
    if (session->log == NULL)
        return options_print(&options, session->result, NULL, error);
    introduce(session);
    return how->start(session, argv[1], error);
}

/* ---- a program at the terminal --------------------------------------------------------------- */

/* A handler and not SIG_IGN, which the program would inherit. */
static void ignore_signal(int signal)
{
    (void)signal;
}

int session_run(const Session *session, const char *folder, const char *const *program, int failed,
                GError **error)
{
    g_autofree char *worker = g_build_filename(session->kit->libexec, "worker", NULL);
    const char *const calls[] = {worker, "session", session->log_path, session->object, NULL};
    g_autoptr(GStrvBuilder) argv = g_strv_builder_new();
    g_strv_builder_addv(argv, (const char **)program);
    g_strv_builder_addv(argv, (const char **)calls);
    g_auto(GStrv) words = g_strv_builder_end(argv);
    struct sigaction handler = {.sa_handler = ignore_signal, .sa_flags = SA_RESTART}, before;
    int status;
    sigaction(SIGINT, &handler, &before);
    gboolean ran =
        g_spawn_sync(folder, words, NULL, G_SPAWN_SEARCH_PATH | G_SPAWN_CHILD_INHERITS_STDIN, NULL,
                     NULL, NULL, NULL, &status, error);
    sigaction(SIGINT, &before, NULL);
    if (!ran)
        return EXIT_OWN_FAULT;
    return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? EXIT_FULL_MARKS : failed;
}
