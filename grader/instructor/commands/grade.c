/* grade.c: `grader grade PATH...`: submissions against the hidden tests. */
#include <stdio.h>

#include "base/error.h"
#include "commands/command.h"
#include "instructor/batch/batch.h"
#include "instructor/batch/report.h"
#include "instructor/batch/slurm.h"
#include "instructor/batch/work.h"

/* ---- command line ---------------------------------------------------------------------------- */

static gboolean usage(GError **error, const char *message)
{
    g_set_error_literal(error, GRADER_ERROR, GRADER_ERROR_USAGE, message);
    return FALSE;
}

static gboolean check(GradeClassOptions *options, GError **error)
{
    if (options->jobs < 0 || options->jobs > 1024)
        return usage(error, "--jobs takes a number from 1 to 1024");
    if (options->tasks < 0 || options->tasks > 1000)
        return usage(error, "--tasks takes a number from 1 to 1000");
    if (options->slurm && options->shard != NULL)
        return usage(error, "--slurm makes the shards itself: leave out --shard");
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

/* GLib's parser knows `-j 4` but not `-j4`, which is what the hands of make's users type. */
static void spell_out_jobs(int argc, char **argv)
{
    for (int i = 1; i < argc && !g_str_equal(argv[i], "--"); i++)
        if (g_str_has_prefix(argv[i], "-j") && g_ascii_isdigit(argv[i][2])) {
            g_autofree char *spelt = g_strconcat("--jobs=", argv[i] + 2, NULL);
            argv[i] = (char *)g_intern_string(spelt);
        }
}

static gboolean parse(GradeClassOptions *options, int *argc, char ***argv, GError **error)
{
    const GOptionEntry entries[] = {
        {"grades", 'd', 0, G_OPTION_ARG_FILENAME, &options->class.folder,
         "folder for reports and gradebook (default: grades)", "DIR"},
        {"gradebook", 'g', 0, G_OPTION_ARG_FILENAME, &options->class.gradebook,
         "instead of DIR/gradebook.db", "FILE"},
        {"jobs", 'j', 0, G_OPTION_ARG_INT, &options->jobs,
         "submissions at once (default: what keeps all cores busy)", "N"},
        {"again", 0, 0, G_OPTION_ARG_NONE, &options->again,
         "grade also what has not changed since it was graded", NULL},
        {"roster", 'r', 0, G_OPTION_ARG_FILENAME, &options->roster,
         "CSV of the students, as the LMS exports it", "FILE"},
        {"shard", 0, 0, G_OPTION_ARG_STRING, &options->shard,
         "only part K of N, for `grader merge` to put together", "K/N"},
        {"slurm", 0, 0, G_OPTION_ARG_NONE, &options->slurm,
         "on a Slurm cluster: shards in a job array", NULL},
        {"tasks", 0, 0, G_OPTION_ARG_INT, &options->tasks,
         "with --slurm: tasks of the array (default: one for 25 students)", "N"},
        {"quiet", 'q', 0, G_OPTION_ARG_NONE, &options->quiet, "show no progress", NULL},
        {"verbose", 'v', 0, G_OPTION_ARG_NONE, &options->verbose,
         "print every report, not only the table", NULL},
        G_OPTION_ENTRY_NULL};
    spell_out_jobs(*argc, *argv);
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

/* ---- grading --------------------------------------------------------------------------------- */

/* One submission: graded afresh, its report printed, nothing kept unless a place is named. */
static int grade_one(ClassWork *work, GError **error)
{
    const Submission *submission = work->inbox->submissions->pdata[0];
    const GradeOptions *options = &work->options->common;
    work->bench->context->jobs = g_get_num_processors();
    g_autoptr(Result) result = grade_submission(work->bench->context, submission->name,
                                                submission->path, options_seed(options));
    int status = options_print(options, result, NULL, error);
    return options_publish(options, result, submission->path, error) ? status : EXIT_OWN_FAULT;
}

/*
 * A grading waits for a tenth of its time, mostly until the kernel has made or ended a namespace:
 * half more submissions than cores leave no core idle.
 */
static guint jobs_wanted(const GradeClassOptions *options)
{
    guint cores = g_get_num_processors();
    return options->jobs > 0 ? (guint)options->jobs : cores + (cores + 1) / 2;
}

static gboolean grade_here(ClassWork *work, BatchOutcome *outcome, GError **error)
{
    const GradeClassOptions *options = work->options;
    g_autoptr(GPtrArray) chosen = class_work_chosen(work);
    guint jobs = jobs_wanted(options);
    work->bench->context->jobs = MAX(1, jobs / MAX(1, chosen->len));
    const Batch batch = {.context = work->bench->context,
                         .book = work->book,
                         .submissions = chosen,
                         .jobs = jobs,
                         .fixed_seed = options->common.seed != NULL,
                         .seed = options->common.seed_number,
                         .again = options->again,
                         .quiet = options->quiet || work->inbox->single};
    return batch_run(&batch, outcome, error);
}

static int grade_class(ClassWork *work, GError **error)
{
    BatchOutcome outcome = {0};
    if (!class_work_open_gradebook(work, error))
        return EXIT_OWN_FAULT;
    gboolean good = work->options->slurm ? slurm_grade(work, &outcome, error)
                                         : grade_here(work, &outcome, error);
    return good ? class_report(work, &outcome, error) : EXIT_OWN_FAULT;
}

/* What was refused may well be why there is nothing to grade. */
static gboolean collect(ClassWork *work, GError **error)
{
    gboolean good = class_work_collect(work, error);
    for (guint i = 0; work->inbox != NULL && i < work->inbox->refusals->len; i++)
        fprintf(stderr, "grader: %s\n", (const char *)work->inbox->refusals->pdata[i]);
    return good;
}

static int run_grade(int argc, char **argv, GError **error)
{
    g_auto(GradeClassOptions) options = {0};
    g_auto(ClassWork) work = {.options = &options};
    if (!parse(&options, &argc, &argv, error))
        return EXIT_USAGE;
    work.paths = argv + 1;
    if (!collect(&work, error) || !class_work_prepare(&work, error))
        return EXIT_OWN_FAULT;
    gboolean keep = options.class.folder != NULL || options.class.gradebook != NULL;
    return work.inbox->single && !keep ? grade_one(&work, error) : grade_class(&work, error);
}

const Command command_grade = {"grade", "PATH...", "grade submissions against the hidden tests",
                               run_grade};
