/* validate.c: `grader validate`: prove that the assignment grades right. */
#include <glib/gstdio.h>
#include <stdio.h>

#include "base/error.h"
#include "base/files.h"
#include "commands/command.h"
#include "commands/options.h"
#include "instructor/proof/kit.h"
#include "instructor/proof/mutants.h"
#include "instructor/proof/report.h"
#include "instructor/proof/right.h"

/* Seeds for each right solution; the reference gets more. */
#define SEEDS_DEFAULT 3
#define SEEDS_MOST 100000
#define SOLUTION_FACTOR 5

typedef struct {
    int seeds;
    char *coverage, *output;
    gboolean no_mutants, no_systematic, no_release;
} ValidateOptions;

static void validate_options_clear(ValidateOptions *options)
{
    g_free(options->coverage);
    g_free(options->output);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(ValidateOptions, validate_options_clear)

/* ---- the parts of the proof ------------------------------------------------------------------ */

static gboolean prove(Proof *proof, const ValidateOptions *options, GError **error)
{
    const ProofSeeds seeds = {(guint)options->seeds, (guint)options->seeds * SOLUTION_FACTOR};
    if (!options->no_mutants && !proof_add_written(proof, error))
        return FALSE;
    if (!proof_holds(proof)) { /* a mistake in a file is reported before minutes are spent */
        g_ptr_array_set_size(proof->mutants, 0);
        return TRUE;
    }
    if (!options->no_release && !proof_check_kit(proof, error))
        return FALSE;
    if (!proof_check_coverage(proof, options->coverage, error) ||
        !proof_check_right(proof, &seeds, error))
        return FALSE;
    return options->no_mutants || ((options->no_systematic || proof_add_systematic(proof, error)) &&
                                   proof_check_mutants(proof, error));
}

static gboolean save(const char *folder, const char *name, const char *text, GError **error)
{
    g_autofree char *path = g_build_filename(folder, name, NULL);
    return files_write(path, text, error);
}

static gboolean write_pages(const Proof *proof, const char *folder, GError **error)
{
    g_autofree char *json = proof_to_json(proof), *html = proof_to_html(proof);
    if (!files_make_folder(folder, 0755, error) || !save(folder, "validation.json", json, error) ||
        !save(folder, "validation.html", html, error))
        return FALSE;
    fprintf(stderr, "mutants, tests, margins: %s/validation.html\n", folder);
    return TRUE;
}

static int report(const Proof *proof, const GradeOptions *options, const ValidateOptions *own,
                  GError **error)
{
    g_autofree char *json = proof_to_json(proof);
    if (g_strcmp0(options->format, "json") == 0)
        fputs(json, stdout);
    else
        proof_print(proof, stdout);
    if (own->output != NULL && !write_pages(proof, own->output, error))
        return EXIT_OWN_FAULT;
    return proof_holds(proof) ? EXIT_FULL_MARKS : EXIT_POINTS_LOST;
}

/* ---- the command ----------------------------------------------------------------------------- */

static gboolean parse(GradeOptions *options, ValidateOptions *own, int *argc, char ***argv,
                      GError **error)
{
    const GOptionEntry entries[] = {
        {"seeds", 0, 0, G_OPTION_ARG_INT, &own->seeds,
         "for each right solution, default 3; the reference gets five times as many", "N"},
        {"coverage", 0, 0, G_OPTION_ARG_FILENAME, &own->coverage,
         "summary of the solution by gcovr: 'make validate' makes it", "FILE"},
        {"output", 'o', 0, G_OPTION_ARG_FILENAME, &own->output,
         "write validation.html and validation.json there", "FOLDER"},
        {"no-mutants", 0, 0, G_OPTION_ARG_NONE, &own->no_mutants, "without mutants", NULL},
        {"no-systematic", 0, 0, G_OPTION_ARG_NONE, &own->no_systematic,
         "without those of the solution, only the written ones", NULL},
        {"no-release", 0, 0, G_OPTION_ARG_NONE, &own->no_release,
         "without the release and the stubs", NULL},
        G_OPTION_ENTRY_NULL};
    if (!options_parse(options, "",
                       "Prove that the assignment grades right: what is released, right solutions, "
                       "mutants, coverage, tolerance.",
                       entries, argc, argv, error))
        return FALSE;
    if (own->seeds >= 1 && own->seeds <= SEEDS_MOST && *argc == 1)
        return TRUE;
    g_set_error(error, GRADER_ERROR, GRADER_ERROR_USAGE,
                "validate takes no arguments, and 1 to %d seeds", SEEDS_MOST);
    return FALSE;
}

static int run_validate(int argc, char **argv, GError **error)
{
    g_auto(GradeOptions) options = {0};
    g_auto(ValidateOptions) own = {.seeds = SEEDS_DEFAULT};
    if (!parse(&options, &own, &argc, &argv, error))
        return EXIT_USAGE;
    g_autoptr(Workbench) bench = workbench_open(options.rubric, "hidden", error);
    if (bench == NULL)
        return EXIT_OWN_FAULT;
    g_autoptr(Proof) proof = proof_new(bench->kit, bench->rubric, bench->context);
    if (!prove(proof, &own, error))
        return EXIT_OWN_FAULT;
    return report(proof, &options, &own, error);
}

const Command command_validate = {"validate", "", "prove that the assignment grades right",
                                  run_validate};
