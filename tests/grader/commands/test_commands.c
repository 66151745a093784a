/*
 * test_commands.c: the command line. Whatever is wrong, a command says so in one line (what, where,
 * what to do) and leaves nothing half-written; and what it prints can be read by programs.
 */
#include <criterion/criterion.h>
#include <glib.h>
#include <glib/gstdio.h>
#include <jansson.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/files.h"
#include "base/process.h"
#include "commands/command.h"
#include "kit.h"

TestSuite(commands, .timeout = 300);

#define OUTPUT_LIMIT (1u << 20)

/* ---- running the program --------------------------------------------------------------------- */

static char *grader_path(void)
{
    g_autofree char *self = g_file_read_link("/proc/self/exe", NULL);
    g_autofree char *folder = g_path_get_dirname(self);
    return g_build_filename(folder, "..", "grader", NULL);
}

static char *kit_path(const char *name)
{
    g_autoptr(Kit) kit = kit_find(NULL);
    return g_build_filename(kit->root, name, NULL);
}

/* Run the grader with the arguments, up to a NULL. */
static Process *run(const char *const *arguments)
{
    g_autofree char *path = grader_path();
    g_autoptr(GPtrArray) argv = g_ptr_array_new();
    g_ptr_array_add(argv, path);
    for (; *arguments != NULL; arguments++)
        g_ptr_array_add(argv, (gpointer)*arguments);
    g_ptr_array_add(argv, NULL);
    g_auto(GStrv) environment = g_get_environ();
    const ProcessSpec spec = {.argv = (const char *const *)argv->pdata,
                              .envp = (const char *const *)environment,
                              .output_limit = OUTPUT_LIMIT};
    GError *error = NULL;
    Process *process = process_start(&spec, &error);
    cr_assert_not_null(process, "started: %s", error != NULL ? error->message : "");
    process_wait(process);
    return process;
}

#define RUN(...) run((const char *const[]){__VA_ARGS__, NULL})

static int status_of(Process *process)
{
    return WEXITSTATUS(process_wait(process)->wait_status);
}

/* It failed with this status, in one line that has each of two texts, and printed nothing else. */
static void expect_one_line(Process *process, int status, const char *what, const char *where)
{
    const ProcessOutcome *outcome = process_wait(process);
    const char *line = outcome->err->str;
    cr_expect_eq(status_of(process), status, "exit status is %d: %s", status_of(process), line);
    cr_expect_str_eq(outcome->out->str, "", "standard output is '%s'", outcome->out->str);
    cr_expect(g_str_has_prefix(line, "grader: "), "it says who speaks: '%s'", line);
    cr_expect_eq(strchr(line, '\n'), line + strlen(line) - 1, "one line: '%s'", line);
    cr_expect(strstr(line, what) != NULL, "'%s' says '%s'", line, what);
    cr_expect(strstr(line, where) != NULL, "'%s' says '%s'", line, where);
    process_free(process);
}

/* ---- the command line ------------------------------------------------------------------------ */

Test(commands, help)
{
    g_autoptr(Process) process = RUN("--help");
    cr_expect_eq(status_of(process), EXIT_SUCCESS, "help is no error");
    const char *help = process_wait(process)->out->str;
    const char *const names[] = {"check", "grade", "stub", "sandbox"};
    for (guint i = 0; i < G_N_ELEMENTS(names); i++)
        cr_expect(strstr(help, names[i]) != NULL, "help names '%s'", names[i]);
    g_autoptr(Process) of_command = RUN("check", "--help");
    cr_expect_eq(status_of(of_command), EXIT_SUCCESS, "help of a command");
    cr_expect(strstr(process_wait(of_command)->out->str, "--seed") != NULL, "names its options");
}

Test(commands, version)
{
    g_autoptr(Process) process = RUN("--version");
    cr_expect_eq(status_of(process), EXIT_SUCCESS);
    cr_expect_str_eq(process_wait(process)->out->str,
                     "grader (the attention kit) " KIT_VERSION "\n");
}

/* ---- the manual and the completion ----------------------------------------------------------- */

/* Each long option that `grader COMMAND --help` lists, as "--seed". */
static GPtrArray *options_of(const char *command)
{
    GPtrArray *options = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(Process) process = RUN(command, "--help");
    g_auto(GStrv) lines = g_strsplit(process_wait(process)->out->str, "\n", -1);
    for (char **line = lines; *line != NULL; line++) {
        const char *option = strstr(*line, "--");
        if (option != NULL && g_str_has_prefix(*line, "  -"))
            g_ptr_array_add(options, g_strndup(option, strcspn(option, " =")));
    }
    cr_assert_gt(options->len, 0, "%s --help lists --help", command);
    return options;
}

/* The part of a text from one place to the next `end`; the test fails without it. */
static char *part(const char *text, const char *begin, const char *end)
{
    const char *at = strstr(text, begin);
    cr_assert_not_null(at, "'%s' is missing", begin);
    const char *stop = strstr(at + strlen(begin), end);
    return g_strndup(at, stop != NULL ? (gsize)(stop - at) : strlen(at));
}

/* Every option of every command, as --help has them, is in the command's part of the text. */
static void expect_all_options(const char *text, const char *begin, const char *end)
{
    for (const Command *const *command = commands; *command != NULL; command++) {
        g_autofree char *head = g_strdup_printf(begin, (*command)->name);
        g_autofree char *own = part(text, head, end);
        g_autoptr(GPtrArray) options = options_of((*command)->name);
        for (guint i = 0; i < options->len; i++)
            cr_expect(strcmp(options->pdata[i], "--help") == 0 ||
                          strstr(own, options->pdata[i]) != NULL,
                      "%s %s is missing in:\n%s", (*command)->name, (char *)options->pdata[i], own);
    }
}

Test(commands, manual_has_each_command_and_option)
{
    g_autoptr(Process) process = RUN("man");
    cr_expect_eq(status_of(process), EXIT_SUCCESS);
    g_autoptr(GString) text = g_string_new(process_wait(process)->out->str);
    g_string_replace(text, "\\-", "-", 0);
    expect_all_options(text->str, "\n.SS \"grader %s ", "\n.S");
}

Test(commands, manual_is_good_roff)
{
    g_autofree char *man = g_find_program_in_path("man");
    g_autofree char *groff = g_find_program_in_path("groff");
    if (man == NULL || groff == NULL)
        cr_skip_test("man is not installed");
    g_autoptr(Process) process = RUN("man");
    g_autoptr(FilesScratch) folder = files_scratch_new(NULL);
    g_autofree char *page = g_build_filename(folder, "grader.1", NULL);
    cr_assert(g_file_set_contents(page, process_wait(process)->out->str, -1, NULL));
    g_autofree char *out = NULL, *err = NULL;
    char *argv[] = {man, (char *)"--warnings", (char *)"-l", page, NULL};
    cr_assert(g_spawn_sync(NULL, argv, NULL, 0, NULL, NULL, &out, &err, NULL, NULL));
    cr_expect_str_eq(err, "");
    cr_expect_not_null(strstr(out, "EXIT STATUS"), "%s", out);
}

Test(commands, completion_has_each_command_and_option)
{
    g_autoptr(Process) process = RUN("completion", "bash");
    cr_expect_eq(status_of(process), EXIT_SUCCESS);
    expect_all_options(process_wait(process)->out->str, "\n    %s) options=", "\n");
    expect_one_line(RUN("completion"), EXIT_USAGE, "completion", "bash");
    expect_one_line(RUN("completion", "tcsh"), EXIT_USAGE, "completion", "bash");
}

Test(commands, bash_completes_what_is_typed)
{
    static const struct {
        const char *typed; /* words, of which the last is completed */
        const char *completed;
    } cases[] = {
        {"grader che", "check"},
        {"grader --ver", "--version"},
        {"grader check --se", "--seed"},
        {"grader check --format = j", ""},
        {"grader check --seed ", ""},
        {"grader check rubric.y", "rubric.yaml"},
        {"grader check --rubric rubric.y", "rubric.yaml"},
        {"grader check --rubric = rubric.y", "rubric.yaml"},
        {"grader sandbox --s", ""},
    };
    g_autofree char *path = grader_path();
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *script = g_strdup_printf("source <('%s' completion bash)\n"
                                                  "typed='%s'\n"
                                                  "IFS=' ' read -ra COMP_WORDS <<<\"$typed.\"\n"
                                                  "COMP_CWORD=$((${#COMP_WORDS[@]} - 1))\n"
                                                  "COMP_WORDS[COMP_CWORD]=${typed##* }\n"
                                                  "_grader\n"
                                                  "printf %%s \"${COMPREPLY[*]}\"",
                                                  path, cases[i].typed);
        char *argv[] = {(char *)"bash", (char *)"-c", script, NULL};
        g_autofree char *out = NULL, *err = NULL;
        cr_assert(g_spawn_sync(NULL, argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, &out, &err, NULL,
                               NULL));
        cr_expect_str_eq(err, "", "%s: %s", cases[i].typed, err);
        cr_expect_str_eq(out, cases[i].completed, "%s: '%s'", cases[i].typed, out);
    }
}

Test(commands, no_command)
{
    g_autofree char *path = grader_path();
    g_autoptr(Process) process = run((const char *const[]){NULL});
    cr_expect_eq(status_of(process), EXIT_USAGE, "nothing to do");
    g_autoptr(Process) unknown = RUN("chekc");
    cr_expect_eq(status_of(unknown), EXIT_USAGE, "no such command");
    cr_expect(strstr(process_wait(unknown)->err->str, "'chekc'") != NULL, "names it");
}

Test(commands, bad_options)
{
    expect_one_line(RUN("check"), EXIT_USAGE, "one folder", "check");
    expect_one_line(RUN("check", "a", "b"), EXIT_USAGE, "one folder", "check");
    expect_one_line(RUN("check", "--colour", "red", "a"), EXIT_USAGE, "--colour", "'red'");
    expect_one_line(RUN("check", "--format", "yaml", "a"), EXIT_USAGE, "--format", "'yaml'");
    expect_one_line(RUN("check", "--seed", "-1", "a"), EXIT_USAGE, "--seed", "'-1'");
    expect_one_line(RUN("check", "--seed", "4294967296", "a"), EXIT_USAGE, "--seed", "4294967295");
    expect_one_line(RUN("check", "--sede", "1", "a"), EXIT_USAGE, "--sede", "Unknown option");
    expect_one_line(RUN("grade"), EXIT_USAGE, "grade", "folder");
}

Test(commands, no_such_item_or_test)
{
    g_autofree char *starter = kit_path("starter");
    expect_one_line(RUN("check", "--item", "maskin", starter), EXIT_USAGE, "maskin", "masking");
    g_autoptr(Process) process = RUN("check", "--test", "masking/cuasal", starter);
    cr_expect_neq(status_of(process), EXIT_FULL_MARKS, "no test, no marks");
    const ProcessOutcome *outcome = process_wait(process);
    g_autofree char *all = g_strconcat(outcome->out->str, outcome->err->str, NULL);
    cr_expect(strstr(all, "masking/cuasal") != NULL, "names the test: %s", all);
}

/* The headings of `make help`, in their order. */
Test(commands, make_help_is_in_three_groups)
{
    g_autofree char *kit = kit_path(".");
    g_autofree char *out = NULL;
    char *argv[] = {(char *)"make", (char *)"--no-print-directory", (char *)"help", NULL};
    cr_assert(
        g_spawn_sync(kit, argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, &out, NULL, NULL, NULL));
    const char *check = strstr(out, "for students\n"), *grade = strstr(out, "for instructors\n");
    const char *test = strstr(out, "for developers of the kit\n");
    cr_assert(check != NULL && grade != NULL && test != NULL, "%s", out);
    cr_expect(g_str_has_prefix(out, "for students\n  make setup "), "%s", out);
    cr_expect(strstr(check, "\n  make check ") < grade && strstr(grade, "\n  make grade ") < test);
    cr_expect_not_null(strstr(test, "\n  make test "), "%s", out);
    g_auto(GStrv) lines = g_strsplit(out, "\n", -1);
    for (char **line = lines; *line != NULL; line++)
        cr_expect_leq(strlen(*line), 80, "too wide: %s", *line);
}

/* ---- what is graded -------------------------------------------------------------------------- */

Test(commands, no_such_folder)
{
    expect_one_line(RUN("grade", "/nowhere/at/all"), EXIT_USAGE, "/nowhere/at/all", "No such");
    g_autoptr(Process) process = RUN("check", "/nowhere/at/all");
    cr_expect_neq(status_of(process), EXIT_FULL_MARKS, "nothing, no marks");
}

Test(commands, empty_folder)
{
    g_autoptr(FilesScratch) folder = files_scratch_new(NULL);
    expect_one_line(RUN("grade", folder), EXIT_USAGE, "no submission", folder);
    g_autoptr(Process) process = RUN("check", folder);
    cr_expect_eq(status_of(process), EXIT_POINTS_LOST, "nothing handed in");
    cr_expect(strstr(process_wait(process)->out->str, "attention.c") != NULL, "names the file");
}

/* ---- the rubric ------------------------------------------------------------------------------ */

/* Check the starter with a rubric in which `from` is replaced by `to`. */
static void expect_bad_rubric(const char *from, const char *to, const char *what, const char *line)
{
    g_autofree char *original = kit_path("rubric.yaml");
    g_autofree char *starter = kit_path("starter");
    g_autofree char *text = NULL;
    cr_assert(g_file_get_contents(original, &text, NULL, NULL), "read");
    cr_assert(strstr(text, from) != NULL, "the rubric has '%s'", from);
    g_autoptr(GString) changed = g_string_new(text);
    g_string_replace(changed, from, to, 1);
    g_autoptr(FilesScratch) folder = files_scratch_new(NULL);
    g_autofree char *path = g_build_filename(folder, "rubric.yaml", NULL);
    cr_assert(g_file_set_contents(path, changed->str, -1, NULL), "written");
    expect_one_line(RUN("check", "--rubric", path, starter), EXIT_USAGE, what, line);
}

Test(commands, bad_rubrics)
{
    expect_bad_rubric("points: 10", "poinst: 10", "poinst", "rubric.yaml:23:");
    expect_bad_rubric("points: 10", "points: ten", "ten", "rubric.yaml:23:");
    expect_bad_rubric("  - id: masking", "  - id: maskings", "maskings", "rubric.yaml");
    expect_bad_rubric("items:", "items: [", "rubric.yaml:", "rubric.yaml:");
    g_autofree char *starter = kit_path("starter");
    expect_one_line(RUN("check", "--rubric", "/nowhere.yaml", starter), EXIT_USAGE, "/nowhere.yaml",
                    "No such");
}

/* ---- what is printed ------------------------------------------------------------------------- */

/* The object that `grader COMMAND --format json` prints for the solution or the starter. */
static json_t *graded(const char *command, const char *folder, int status)
{
    g_autofree char *path = kit_path(folder);
    g_autoptr(Process) process = RUN(command, "--format", "json", "--seed", "7", path);
    json_error_t reason;
    json_t *result = json_loads(process_wait(process)->out->str, 0, &reason);
    cr_assert_not_null(result, "%s: standard output is JSON: %s", command, reason.text);
    cr_expect_eq(status_of(process), status, "exit status %d", status_of(process));
    return result;
}

static void expect_points(json_t *result, const double points[4], double score)
{
    const char *const ids[] = {"scaled_dot_product_attention", "self_attention", "masking",
                               "integration"};
    const double maximum[] = {10, 5, 5, 10};
    json_t *items = json_object_get(result, "items");
    cr_assert_geq(json_array_size(items), 4, "the items of the notebook come first");
    for (guint i = 0; i < 4; i++) {
        json_t *item = json_array_get(items, i);
        cr_expect_str_eq(json_string_value(json_object_get(item, "id")), ids[i], "id");
        cr_expect_eq(json_number_value(json_object_get(item, "points")), points[i], "%s: points",
                     ids[i]);
        cr_expect_eq(json_number_value(json_object_get(item, "max_points")), maximum[i], "maximum");
        cr_expect_eq(json_array_size(json_object_get(item, "memory")), 0, "%s: memory", ids[i]);
        cr_expect_gt(json_array_size(json_object_get(item, "tests")), 0, "%s: tests", ids[i]);
    }
    cr_expect_eq(json_number_value(json_object_get(result, "score")), score, "score");
    cr_expect_eq(json_number_value(json_object_get(result, "max_score")), 30, "30 in all");
    cr_expect_eq(json_integer_value(json_object_get(result, "seed")), 7, "the seed asked for");
    cr_expect_str_eq(json_string_value(json_object_get(result, "status")), "graded", "status");
    cr_expect_eq(json_array_size(json_object_get(result, "diagnostics")), 0, "no warning");
}

Test(commands, solution_gets_everything)
{
    const char *const commands[] = {"check", "grade"};
    for (guint i = 0; i < G_N_ELEMENTS(commands); i++) {
        json_t *result = graded(commands[i], "solution", EXIT_FULL_MARKS);
        expect_points(result, (const double[]){10, 5, 5, 10}, 30);
        json_decref(result);
    }
}

Test(commands, stubs_get_nothing_on_any_item)
{
    const char *const commands[] = {"check", "grade"};
    for (guint i = 0; i < G_N_ELEMENTS(commands); i++) {
        json_t *result = graded(commands[i], "starter", EXIT_POINTS_LOST);
        expect_points(result, (const double[]){0, 0, 0, 0}, 0);
        json_decref(result);
    }
}

/* The proxy sends the mask of this function after three other tensors. */
Test(commands, picture_of_a_mask_that_is_not_causal)
{
    g_autoptr(FilesScratch) folder = files_scratch_new(NULL);
    g_autofree char *solution = kit_path("solution");
    g_autofree char *output = g_build_filename(folder, "picture.svg", NULL);
    g_autoptr(Process) process =
        RUN("picture", "--test", "scaled_dot_product_attention/mask", "--output", output, solution);
    cr_expect_eq(status_of(process), EXIT_FULL_MARKS, "drawn");
    const char *text = process_wait(process)->out->str;
    cr_expect(g_str_has_prefix(text, "masked\n"), "the title of the first matrix: %s", text);
}

Test(commands, one_item_alone)
{
    g_autofree char *starter = kit_path("starter");
    g_autoptr(Process) process = RUN("check", "--item", "masking", "--colour", "always", starter);
    cr_expect_eq(status_of(process), EXIT_POINTS_LOST, "stubs");
    cr_expect(strstr(process_wait(process)->out->str, "\033[") != NULL, "in colour, as asked");
    g_autoptr(Process) plain = RUN("check", "--item", "masking", starter);
    cr_expect_null(strstr(process_wait(plain)->out->str, "\033["), "plain when not on a terminal");
}
