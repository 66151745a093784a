/* command_grade.c: `grader grade PATH...`: submissions against the hidden tests. */
#include <glib/gstdio.h>
#include <stdio.h>
#include <string.h>

#include "batch.h"
#include "class_options.h"
#include "class_view.h"
#include "command.h"
#include "error.h"
#include "escape.h"
#include "files.h"
#include "inbox.h"
#include "options.h"
#include "roster.h"

typedef struct {
    GradeOptions common;
    ClassOptions class;
    char *roster, *shard;
    guint shard_index, shards; /* 0 and 1 without --shard */
    int jobs;
    gboolean again, quiet, verbose;
} Options;

static void options_free(Options *options)
{
    options_clear(&options->common);
    class_options_clear(&options->class);
    g_free(options->roster);
    g_free(options->shard);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Options, options_free)

/* What the whole command works with. */
typedef struct {
    const Options *options;
    Kit *kit;
    Rubric *rubric;
    FilesScratch *scratch;
    Inbox *inbox;
    Sandbox *sandbox;
    GradeContext *context;
    Gradebook *book;
    char *folder; /* for gradebook and reports */
} Work;

static void work_clear(Work *work)
{
    g_clear_pointer(&work->book, gradebook_close);
    g_clear_pointer(&work->context, grade_close);
    g_clear_pointer(&work->sandbox, sandbox_free);
    g_clear_pointer(&work->inbox, inbox_free);
    g_clear_pointer(&work->scratch, files_scratch_free);
    g_clear_pointer(&work->rubric, rubric_free);
    g_clear_pointer(&work->kit, kit_free);
    g_free(work->folder);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Work, work_clear)

/* ---- command line ---------------------------------------------------------------------------- */

static gboolean usage(GError **error, const char *message)
{
    g_set_error_literal(error, GRADER_ERROR, GRADER_ERROR_USAGE, message);
    return FALSE;
}

static gboolean check(Options *options, GError **error)
{
    if (options->jobs < 0 || options->jobs > 1024)
        return usage(error, "--jobs takes a number from 1 to 1024");
    options->shards = 1;
    if (options->shard == NULL)
        return TRUE;
    char end;
    guint k;
    if (sscanf(options->shard, "%u/%u%c", &k, &options->shards, &end) != 2 || k < 1 ||
        k > options->shards || options->shards > 100000)
        return usage(error, "--shard takes K/N, such as 1/4 for the first of four parts");
    options->shard_index = k - 1;
    return TRUE;
}

static gboolean parse(Options *options, int *argc, char ***argv, GError **error)
{
    const GOptionEntry entries[] = {
        {"grades", 'd', 0, G_OPTION_ARG_FILENAME, &options->class.folder,
         "folder for reports and gradebook (default: grades)", "DIR"},
        {"gradebook", 'g', 0, G_OPTION_ARG_FILENAME, &options->class.gradebook,
         "instead of DIR/gradebook.db", "FILE"},
        {"jobs", 'j', 0, G_OPTION_ARG_INT, &options->jobs, "submissions at once (default: cores)",
         "N"},
        {"again", 0, 0, G_OPTION_ARG_NONE, &options->again,
         "grade also what has not changed since it was graded", NULL},
        {"roster", 'r', 0, G_OPTION_ARG_FILENAME, &options->roster,
         "CSV of the students, as the LMS exports it", "FILE"},
        {"shard", 0, 0, G_OPTION_ARG_STRING, &options->shard,
         "only part K of N, for `grader merge` to put together", "K/N"},
        {"quiet", 'q', 0, G_OPTION_ARG_NONE, &options->quiet, "show no progress", NULL},
        {"verbose", 'v', 0, G_OPTION_ARG_NONE, &options->verbose,
         "print every report, not only the table", NULL},
        G_OPTION_ENTRY_NULL};
    if (!options_parse(&options->common, "PATH...",
                       "Grade submissions against the hidden tests. A PATH is a submission's "
                       "folder, or a folder or zip of them: a folder for each student, git clones, "
                       "downloads from Canvas or Moodle.",
                       entries, argc, argv, error))
        return FALSE;
    if (*argc < 2)
        return usage(error, "grade takes at least one folder: grader grade submissions");
    return check(options, error);
}

/* ---- parts ----------------------------------------------------------------------------------- */

/* Whole students: their attempts lie next to each other. */
static void keep_shard(GPtrArray *submissions, guint index, guint shards)
{
    guint student = 0;
    g_autofree char *last = NULL;
    for (guint i = 0; i < submissions->len;) {
        const Submission *submission = submissions->pdata[i];
        gboolean next = g_strcmp0(last, submission->student) != 0;
        student += next && last != NULL ? 1 : 0;
        g_free(last);
        last = g_strdup(submission->student);
        if (student % shards == index)
            i++;
        else
            g_ptr_array_remove_index(submissions, i);
    }
}

static gboolean collect(Work *work, char **paths, GError **error)
{
    work->scratch = files_scratch_new(error);
    if (work->scratch == NULL)
        return FALSE;
    work->inbox = inbox_new(work->rubric, work->scratch);
    for (char **path = paths; *path != NULL; path++)
        if (!inbox_add(work->inbox, *path, error))
            return FALSE;
    inbox_finish(work->inbox);
    if (work->options->roster != NULL &&
        !roster_apply(work->options->roster, work->rubric, work->inbox->submissions, error))
        return FALSE;
    keep_shard(work->inbox->submissions, work->options->shard_index, work->options->shards);
    return TRUE;
}

static gboolean prepare(Work *work, GError **error)
{
    work->sandbox = sandbox_open(work->kit->libexec, &work->rubric->limits, error);
    if (work->sandbox == NULL || !sandbox_require(work->sandbox, work->rubric->sandbox, error))
        return FALSE;
    work->context = grade_open(work->kit, work->rubric, work->sandbox, "hidden", error);
    return work->context != NULL;
}

/* One submission: graded afresh, its report printed, nothing kept unless a place is named. */
static int grade_one(Work *work, GError **error)
{
    const Submission *submission = work->inbox->submissions->pdata[0];
    const GradeOptions *options = &work->options->common;
    work->context->jobs = g_get_num_processors();
    g_autoptr(Result) result =
        grade_submission(work->context, submission->name, submission->path, options_seed(options));
    return options_print(options, result, NULL, error);
}

/* With several attempts and "latest", only the last one of each student is graded. */
static GPtrArray *worth_grading(const Work *work)
{
    const GPtrArray *all = work->inbox->submissions;
    GPtrArray *chosen = g_ptr_array_new();
    for (guint i = 0; i < all->len; i++) {
        const Submission *submission = all->pdata[i];
        const Submission *next = i + 1 < all->len ? all->pdata[i + 1] : NULL;
        gboolean last = next == NULL || strcmp(next->student, submission->student) != 0;
        if (last || work->rubric->attempts == ATTEMPTS_BEST)
            g_ptr_array_add(chosen, (gpointer)submission);
    }
    return chosen;
}

static gboolean open_gradebook(Work *work, GError **error)
{
    work->folder = class_options_folder(&work->options->class);
    g_autofree char *path = class_options_gradebook(&work->options->class);
    g_autofree char *above = g_path_get_dirname(path);
    if (g_mkdir_with_parents(work->folder, 0700) != 0 || g_mkdir_with_parents(above, 0700) != 0) {
        grader_set_errno(error, "cannot make the folder '%s'", work->folder);
        return FALSE;
    }
    work->book = gradebook_open(path, TRUE, error);
    return work->book != NULL && gradebook_set_class(work->book, work->rubric, error);
}

/* ---- what is printed ------------------------------------------------------------------------- */

static GHashTable *students_of(const GPtrArray *submissions)
{
    GHashTable *students = g_hash_table_new(g_str_hash, g_str_equal);
    for (guint i = 0; i < submissions->len; i++)
        g_hash_table_add(students, ((const Submission *)submissions->pdata[i])->student);
    return students;
}

/* Every report whole, or every result.json. */
static gboolean print_reports(const Work *work, const GHashTable *students, GError **error)
{
    g_autoptr(GPtrArray) grades = gradebook_grades(work->book, error);
    for (guint i = 0; grades != NULL && i < grades->len; i++) {
        const Grade *grade = grades->pdata[i];
        if (!g_hash_table_contains((GHashTable *)students, grade->student) || grade->record == 0)
            continue;
        g_autoptr(Result) result = gradebook_result(work->book, grade->record, error);
        if (result == NULL)
            return FALSE;
        options_print(&work->options->common, result, NULL, error);
        if (*error != NULL || (i + 1 < grades->len && !class_print("\n", error)))
            return FALSE;
    }
    return grades != NULL;
}

static GPtrArray *lines_to_look_at(const Work *work)
{
    GPtrArray *lines = g_ptr_array_new_with_free_func(g_free);
    for (guint i = 0; i < work->inbox->submissions->len && work->options->roster != NULL; i++) {
        const Submission *submission = work->inbox->submissions->pdata[i];
        if (!submission->listed)
            g_ptr_array_add(lines, g_strdup_printf("%s: not on the roster", submission->name));
    }
    for (guint i = 0; i < work->inbox->refusals->len; i++)
        g_ptr_array_add(lines, g_strdup(work->inbox->refusals->pdata[i]));
    return lines;
}

static gboolean print_class(const Work *work, const GHashTable *students, GError **error)
{
    g_autoptr(GPtrArray) lines = lines_to_look_at(work);
    const ClassStyle style = {.colour = options_colour(&work->options->common),
                              .table = TRUE,
                              .only = students,
                              .listed = lines};
    g_autofree char *text = class_view(work->book, &style, error);
    return text != NULL && class_print(text, error);
}

static gboolean print_foot(const Work *work, const BatchOutcome *outcome, GError **error)
{
    g_autoptr(GString) out = g_string_new("\n");
    if (outcome->moves->len > 0)
        g_string_append(out, "grades that moved\n");
    for (guint i = 0; i < outcome->moves->len; i++) {
        g_autofree char *safe = escape_text(outcome->moves->pdata[i], -1, 300, FALSE);
        g_string_append_printf(out, "  %s\n", safe);
    }
    g_autofree char *book = class_options_gradebook(&work->options->class);
    g_string_append_printf(out, "%sgraded %u, unchanged %u", outcome->moves->len > 0 ? "\n" : "",
                           outcome->graded, outcome->reused);
    if (outcome->ungraded > 0)
        g_string_append_printf(out, ", ungraded %u (run it again)", outcome->ungraded);
    g_string_append_printf(out, "\nreports    %s/reports\ngradebook  %s\n", work->folder, book);
    return class_print(out->str, error);
}

static int exit_status(const Work *work, const GHashTable *students, const BatchOutcome *outcome,
                       GError **error)
{
    g_autoptr(GPtrArray) grades = gradebook_grades(work->book, error);
    int status = EXIT_FULL_MARKS;
    for (guint i = 0; grades != NULL && i < grades->len; i++) {
        const Grade *grade = grades->pdata[i];
        if (g_hash_table_contains((GHashTable *)students, grade->student) &&
            !(grade->graded && grade->score >= grade->max_score))
            status = EXIT_POINTS_LOST;
    }
    return grades == NULL || outcome->ungraded > 0 || outcome->stopped ? EXIT_OWN_FAULT : status;
}

static int print_outcome(const Work *work, const BatchOutcome *outcome, GError **error)
{
    const Options *options = work->options;
    gboolean json = g_strcmp0(options->common.format, "json") == 0;
    g_autoptr(GHashTable) students = students_of(work->inbox->submissions);
    if ((json || options->verbose || work->inbox->single) && !print_reports(work, students, error))
        return EXIT_OWN_FAULT;
    if (!json && !work->inbox->single &&
        (!print_class(work, students, error) || !print_foot(work, outcome, error)))
        return EXIT_OWN_FAULT;
    return exit_status(work, students, outcome, error);
}

/* ---- a class --------------------------------------------------------------------------------- */

static int grade_class(Work *work, GError **error)
{
    const Options *options = work->options;
    g_autoptr(GPtrArray) chosen = worth_grading(work);
    g_auto(BatchOutcome) outcome = {0};
    guint jobs = options->jobs > 0 ? (guint)options->jobs : g_get_num_processors();
    if (!open_gradebook(work, error) ||
        !gradebook_set_submissions(work->book, work->inbox->submissions, error))
        return EXIT_OWN_FAULT;
    for (guint i = 0; i < work->inbox->refusals->len; i++)
        fprintf(stderr, "grader: %s\n", (const char *)work->inbox->refusals->pdata[i]);
    g_autofree char *reports = g_build_filename(work->folder, "reports", NULL);
    work->context->jobs = MAX(1, jobs / MAX(1, chosen->len));
    const Batch batch = {.context = work->context,
                         .book = work->book,
                         .submissions = chosen,
                         .reports = reports,
                         .jobs = jobs,
                         .fixed_seed = options->common.seed != NULL,
                         .seed = options->common.seed_number,
                         .again = options->again,
                         .quiet = options->quiet || work->inbox->single};
    if (!batch_run(&batch, &outcome, error))
        return EXIT_OWN_FAULT;
    return print_outcome(work, &outcome, error);
}

static int run_grade(int argc, char **argv, GError **error)
{
    g_auto(Options) options = {0};
    g_auto(Work) work = {.options = &options};
    if (!parse(&options, &argc, &argv, error))
        return EXIT_USAGE;
    if ((work.kit = kit_find(error)) == NULL ||
        (work.rubric = options_rubric(&options.common, work.kit, error)) == NULL ||
        !collect(&work, argv + 1, error) || !prepare(&work, error))
        return EXIT_OWN_FAULT;
    gboolean keep = options.class.folder != NULL || options.class.gradebook != NULL;
    return work.inbox->single && !keep ? grade_one(&work, error) : grade_class(&work, error);
}

const Command command_grade = {"grade", "PATH...", "grade submissions against the hidden tests",
                               run_grade};
