/* `grader sandbox`: the table, its JSON, and its exit status. */
#include <criterion/criterion.h>
#include <criterion/redirect.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "commands/command.h"

/* Run the command with these words; what it printed. */
static char *run(const char *words, int expected, GError **error)
{
    static char printed[10000];
    g_auto(GStrv) argv = g_strsplit(words, " ", -1);
    cr_redirect_stdout();
    int status = command_sandbox.run((int)g_strv_length(argv), argv, error);
    fflush(stdout);
    fclose(stdout);
    gsize length = fread(printed, 1, sizeof printed - 1, cr_get_redirected_stdout());
    printed[length] = '\0';
    cr_expect_eq(status, expected, "exit status %d", status);
    return printed;
}

Test(command_sandbox, shows_each_layer)
{
    const char *text = run("sandbox", EXIT_FULL_MARKS, NULL);
    static const char *const layers[] = {"namespaces ", "landlock ", "seccomp ", "limits ",
                                         "cgroup "};
    for (gsize i = 0; i < G_N_ELEMENTS(layers); i++)
        cr_expect_not_null(strstr(text, layers[i]), "no %sin:\n%s", layers[i], text);
    cr_expect_not_null(strstr(text, "it holds what the rubric asks for: layers\n"));
}

Test(command_sandbox, says_why_a_layer_is_missing)
{
    g_setenv("ATTENTION_SANDBOX_OFF", "cgroup", TRUE);
    const char *text = run("sandbox", EXIT_FULL_MARKS, NULL);
    cr_expect_not_null(strstr(text, "cgroup      off          turned off by ATTENTION_SANDBOX_OFF"),
                       "%s", text);
}

Test(command_sandbox, writes_json)
{
    json_t *object = json_loads(run("sandbox --format json", EXIT_FULL_MARKS, NULL), 0, NULL);
    cr_assert_not_null(object);
    json_t *layers = json_object_get(object, "layers");
    cr_expect_eq(json_array_size(layers), 5);
    cr_expect_str_eq(json_string_value(json_object_get(json_array_get(layers, 2), "name")),
                     "seccomp");
    cr_expect(json_is_true(json_object_get(object, "holds")));
    json_decref(object);
}

Test(command_sandbox, fails_below_what_the_rubric_asks_for)
{
    g_autoptr(GError) error = NULL;
    g_setenv("ATTENTION_SANDBOX_OFF", "seccomp", TRUE);
    run("sandbox", EXIT_OWN_FAULT, &error);
    cr_assert(g_error_matches(error, GRADER_ERROR, GRADER_ERROR_SANDBOX));
    cr_expect_not_null(strstr(error->message, "seccomp off"), "%s", error->message);
}

Test(command_sandbox, refuses_a_command_line_that_it_does_not_know)
{
    static const char *const lines[] = {"sandbox starter", "sandbox --format yaml",
                                        "sandbox --wider"};
    for (gsize i = 0; i < G_N_ELEMENTS(lines); i++) {
        g_autoptr(GError) error = NULL;
        g_auto(GStrv) argv = g_strsplit(lines[i], " ", -1);
        cr_expect_eq(command_sandbox.run((int)g_strv_length(argv), argv, &error), EXIT_USAGE);
        cr_expect_not_null(error);
    }
}
