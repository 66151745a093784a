/* command_grade.c: `grader grade PATH...`: submissions against the hidden tests. */
#include <stdio.h>

#include "command.h"
#include "error.h"
#include "escape.h"
#include "options.h"
#include "roster.h"

static int worse(int a, int b)
{
    return a > b ? a : b;
}

static char *table_cell(const ItemResult *item)
{
    return g_strdup_printf("%g/%g", item->points, item->max_points);
}

/* One line of the class table: name, points of each item, total. */
static void print_row(const Result *result)
{
    g_autofree char *name = escape_text(result->submission, -1, 40, FALSE);
    printf("%-28s", name);
    for (guint i = 0; i < result->items->len; i++) {
        g_autofree char *cell = table_cell(result->items->pdata[i]);
        printf(" %7s", cell);
    }
    if (result->status == SUBMISSION_UNGRADED)
        printf("   ungraded\n");
    else
        printf(" %5g/%g%s%s\n", result->score, result->max_score,
               result->status == SUBMISSION_GRADED ? "" : "  ",
               result->status == SUBMISSION_GRADED ? "" : submission_status_word(result->status));
}

static int grade_all(const GradeOptions *options, const GradeContext *context,
                     const GPtrArray *submissions, GError **error)
{
    g_autoptr(GPtrArray) results = g_ptr_array_new_with_free_func((GDestroyNotify)result_free);
    int status = EXIT_FULL_MARKS;
    for (guint i = 0; i < submissions->len; i++) {
        const Submission *submission = submissions->pdata[i];
        Result *result =
            grade_submission(context, submission->name, submission->path, options_seed(options));
        g_ptr_array_add(results, result);
        status = worse(status, options_print(options, result, NULL, error));
        if (*error != NULL)
            return status;
    }
    if (submissions->len < 2 || g_strcmp0(options->format, "json") == 0)
        return status;
    printf("\n%u submissions\n\n", submissions->len);
    for (guint i = 0; i < results->len; i++)
        print_row(results->pdata[i]);
    return status;
}

static int run_grade(int argc, char **argv, GError **error)
{
    g_auto(GradeOptions) options = {0};
    if (!options_parse(
            &options, "PATH...",
            "Grade submissions against the hidden tests. A PATH is a submission's folder, "
            "or a folder of them.",
            NULL, &argc, &argv, error))
        return EXIT_USAGE;
    if (argc < 2) {
        g_set_error(error, GRADER_ERROR, GRADER_ERROR_USAGE, "grade takes at least one folder");
        return EXIT_USAGE;
    }
    g_autoptr(Kit) kit = NULL;
    g_autoptr(Rubric) rubric = NULL;
    g_autoptr(Sandbox) sandbox = NULL;
    g_autoptr(GradeContext) context = NULL;
    if ((kit = kit_find(error)) == NULL || (rubric = options_rubric(&options, kit, error)) == NULL)
        return EXIT_OWN_FAULT;
    g_autoptr(GPtrArray) submissions = g_ptr_array_new();
    for (int i = 1; i < argc; i++) {
        GPtrArray *found = roster_find(argv[i], rubric->files, error);
        if (found == NULL)
            return EXIT_USAGE;
        g_ptr_array_extend_and_steal(submissions, found);
    }
    if ((sandbox = sandbox_open(kit->libexec, &rubric->limits, error)) == NULL ||
        !sandbox_require(sandbox, rubric->sandbox, error) ||
        (context = grade_open(kit, rubric, sandbox, "hidden", error)) == NULL)
        return EXIT_OWN_FAULT;
    context->jobs = submissions->len == 1 ? g_get_num_processors() : 1;
    return grade_all(&options, context, submissions, error);
}

const Command command_grade = {"grade", "PATH...", "grade submissions against the hidden tests",
                               run_grade};
