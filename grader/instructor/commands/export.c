/* export.c: `grader export FORMAT`: the gradebook for others. */
#include <glib/gstdio.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/files.h"
#include "commands/command.h"
#include "instructor/batch/options.h"
#include "instructor/export/export.h"
#include "instructor/export/files.h"
#include "result/json.h"

typedef struct {
    const char *name;
    char *(*whole)(const Export *export, GError **error); /* one document for the class */
    char *(*student)(const Rubric *rubric, const Grade *grade, const Result *result);
    const char *file; /* of a student: a suffix, or a file in a folder of the student's */
    const char *what;
} Format;

static const Format formats[] = {
    {"text", export_text, NULL, NULL, "the class table"},
    {"json", export_json, NULL, NULL, "all grades as one object"},
    {"csv", export_csv, NULL, NULL, "all grades, a column for each item"},
    {"canvas", export_canvas, NULL, NULL, "Canvas: Grades, Import (--assignment ID)"},
    {"moodle", export_moodle, NULL, NULL, "Moodle: Grades, Import, CSV"},
    {"moodle-worksheet", export_moodle_worksheet, NULL, NULL, "Moodle: upload grading worksheet"},
    {"nbgrader", export_nbgrader, NULL, NULL, "the columns of nbgrader export"},
    {"gradescope", NULL, export_student_gradescope, "/results.json", "a folder; --zip: autograder"},
    {"junit", NULL, export_student_junit, ".xml", "a folder with a file for each student"},
    {"markdown", NULL, export_student_markdown, ".md", "a folder: feedback for each student"},
};

typedef struct {
    InstructorOptions instructor;
    char *output, *rubric, *assignment, *result;
    gboolean zip;
} Options;

static void options_free(Options *options)
{
    instructor_options_clear(&options->instructor);
    g_free(options->output);
    g_free(options->rubric);
    g_free(options->assignment);
    g_free(options->result);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Options, options_free)

static const Format *find_format(const char *name, GError **error)
{
    g_autoptr(GString) names = g_string_new(NULL);
    for (gsize i = 0; i < G_N_ELEMENTS(formats); i++) {
        if (strcmp(formats[i].name, name) == 0)
            return &formats[i];
        g_string_append_printf(names, "%s%s", i > 0 ? ", " : "", formats[i].name);
    }
    g_set_error(error, GRADER_ERROR, GRADER_ERROR_USAGE, "there is no format '%s', only %s", name,
                names->str);
    return NULL;
}

static char *describe(void)
{
    GString *text = g_string_new("Write the grades for other programs, or feedback for students, "
                                 "without what they may not see of hidden tests.\n\nFormats:\n");
    for (gsize i = 0; i < G_N_ELEMENTS(formats); i++)
        g_string_append_printf(text, "  %-17s %s\n", formats[i].name, formats[i].what);
    return g_string_free(text, FALSE);
}

static gboolean parse(Options *options, int *argc, char ***argv, GError **error)
{
    const GOptionEntry entries[] = {
        {"output", 'o', 0, G_OPTION_ARG_FILENAME, &options->output,
         "file or folder to write (default: standard output, or DIR/FORMAT)", "PATH"},
        {"assignment", 'a', 0, G_OPTION_ARG_FILENAME, &options->assignment,
         "what the LMS calls the assignment", "ID"},
        {"rubric", 0, 0, G_OPTION_ARG_FILENAME, &options->rubric,
         "instead of the kit's rubric.yaml", "FILE"},
        {"result", 0, 0, G_OPTION_ARG_FILENAME, &options->result,
         "one result.json instead of a gradebook", "FILE"},
        {"zip", 0, 0, G_OPTION_ARG_NONE, &options->zip,
         "with gradescope: the autograder to upload there", NULL},
        G_OPTION_ENTRY_NULL};
    g_autofree char *summary = describe();
    return instructor_options_parse(&options->instructor, "FORMAT", summary, entries, 1, 1, argc,
                                    argv, error);
}

static gboolean write_to(const char *path, const char *text, GError **error)
{
    return path != NULL ? files_write(path, text, error) : print_text(text, error);
}

/* ---- a document for each student ------------------------------------------------------------- */

static gboolean write_student(const Format *format, const Export *export, const Grade *grade,
                              const char *folder, GError **error)
{
    g_autoptr(Result) result = gradebook_result(export->book, grade->record, error);
    if (result == NULL)
        return FALSE;
    g_autofree char *name = student_file_name(grade->student);
    g_autofree char *file = g_strconcat(name, format->file, NULL);
    g_autofree char *path = g_build_filename(folder, file, NULL);
    g_autofree char *above = g_path_get_dirname(path);
    g_autofree char *text = format->student(export->rubric, grade, result);
    return files_make_folder(above, 0700, error) && files_write(path, text, error);
}

static gboolean write_students(const Format *format, const Options *options, const Export *export,
                               GError **error)
{
    g_autofree char *own = instructor_options_folder(&options->instructor);
    g_autofree char *folder = options->output != NULL ? g_strdup(options->output)
                                                      : g_build_filename(own, format->name, NULL);
    guint written = 0;
    for (guint i = 0; i < export->grades->len; i++) {
        const Grade *grade = export->grades->pdata[i];
        if (grade->record == 0)
            continue;
        if (!write_student(format, export, grade, folder, error))
            return FALSE;
        written++;
    }
    g_autofree char *text = g_strdup_printf("%u students in %s\n", written, folder);
    return print_text(text, error);
}

/* ---- all of it ------------------------------------------------------------------------------- */

static gboolean export_book(const Format *format, const Options *options, const Rubric *rubric,
                            GError **error)
{
    g_auto(GradebookClass) class = {0};
    g_autoptr(Gradebook) book = instructor_options_open(&options->instructor, error);
    g_autoptr(GPtrArray) grades = book != NULL ? gradebook_grades(book, error) : NULL;
    if (grades == NULL || !gradebook_class(book, &class, error))
        return FALSE;
    const Export export = {book, rubric, &class, grades, options->assignment};
    if (format->student != NULL)
        return write_students(format, options, &export, error);
    g_autofree char *text = format->whole(&export, error);
    return text != NULL && write_to(options->output, text, error);
}

static gboolean export_result(const Format *format, const Options *options, const Rubric *rubric,
                              GError **error)
{
    if (format->student == NULL) {
        g_set_error(error, GRADER_ERROR, GRADER_ERROR_USAGE,
                    "--result is for gradescope, junit and markdown, not for %s", format->name);
        return FALSE;
    }
    g_autofree char *json = NULL;
    gsize length;
    if (!g_file_get_contents(options->result, &json, &length, error))
        return FALSE;
    g_autoptr(Result) result = result_from_json(json, length, error);
    if (result == NULL)
        return FALSE;
    g_autofree char *text = format->student(rubric, NULL, result);
    return write_to(options->output, text, error);
}

static gboolean export_zip(const Format *format, const Options *options, const Kit *kit,
                           GError **error)
{
    if (strcmp(format->name, "gradescope") != 0) {
        g_set_error(error, GRADER_ERROR, GRADER_ERROR_USAGE, "--zip is for gradescope only");
        return FALSE;
    }
    const char *path = options->output != NULL ? options->output : "autograder.zip";
    g_autofree char *text = g_strdup_printf("%s\n", path);
    return export_gradescope_zip(kit, path, error) && print_text(text, error);
}

static int run_export(int argc, char **argv, GError **error)
{
    g_auto(Options) options = {0};
    const Format *format = NULL;
    if (!parse(&options, &argc, &argv, error) || (format = find_format(argv[1], error)) == NULL)
        return EXIT_USAGE;
    g_autoptr(Workbench) bench = workbench_new(options.rubric, error);
    if (bench == NULL)
        return EXIT_OWN_FAULT;
    if (options.zip)
        return export_zip(format, &options, bench->kit, error) ? EXIT_FULL_MARKS : EXIT_OWN_FAULT;
    gboolean good = options.result != NULL ? export_result(format, &options, bench->rubric, error)
                                           : export_book(format, &options, bench->rubric, error);
    return good ? EXIT_FULL_MARKS : EXIT_OWN_FAULT;
}

const Command command_export = {"export", "FORMAT", "grades for an LMS, feedback for students",
                                run_export};
