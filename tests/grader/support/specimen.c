#include "support/specimen.h"

#include <criterion/criterion.h>
#include <glib/gstdio.h>
#include <string.h>

#include "compile/compile.h"
#include "gate/gate.h"
#include "kit.h"
#include "intake/intake.h"

static void copy_header(const Specimen *submission, const char *name)
{
    g_autofree char *from = g_build_filename("starter", name, NULL);
    g_autofree char *to = g_build_filename(submission->box, "include", name, NULL);
    g_autofree char *text = NULL;
    cr_assert(g_file_get_contents(from, &text, NULL, NULL), "run the tests at the kit's top");
    cr_assert(g_file_set_contents(to, text, -1, NULL));
    cr_assert_eq(g_chmod(to, 0644), 0);
}

Specimen *specimen_new(const char *text)
{
    Specimen *submission = g_new0(Specimen, 1);
    submission->root = g_dir_make_tmp("submission-XXXXXX", NULL);
    submission->folder = g_build_filename(submission->root, "folder", NULL);
    submission->box = g_build_filename(submission->root, "box", NULL);
    submission->rubric = rubric_load("rubric.yaml", NULL);
    submission->result = result_new("student", submission->folder);
    cr_assert_not_null(submission->rubric, "run the tests at the kit's top");

    g_autofree char *include = g_build_filename(submission->box, "include", NULL);
    cr_assert_eq(g_mkdir(submission->folder, 0755), 0);
    cr_assert_eq(g_mkdir_with_parents(include, 0755), 0);
    cr_assert_eq(g_chmod(submission->root, 0755), 0);
    copy_header(submission, "attention.h");
    copy_header(submission, "tensor.h");
    if (text != NULL)
        specimen_write(submission, "attention.c", text, -1);
    return submission;
}

static void remove_tree(const char *path)
{
    const char *const argv[] = {"rm", "-rf", "--", path, NULL};
    g_spawn_sync(NULL, (char **)argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, NULL, NULL, NULL,
                 NULL);
}

void specimen_free(Specimen *submission)
{
    if (submission == NULL)
        return;
    remove_tree(submission->root);
    g_free(submission->root);
    g_free(submission->folder);
    g_free(submission->box);
    rubric_free(submission->rubric);
    result_free(submission->result);
    g_clear_error(&submission->error);
    g_free(submission);
}

void specimen_write(const Specimen *submission, const char *name, const char *bytes, gssize length)
{
    g_autofree char *path = g_build_filename(submission->folder, name, NULL);
    cr_assert(g_file_set_contents(path, bytes, length, NULL));
}

Sandbox *specimen_sandbox(const Specimen *submission)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Kit) kit = kit_find(&error);
    Sandbox *sandbox =
        kit != NULL ? sandbox_open(kit->libexec, &submission->rubric->limits, &error) : NULL;
    cr_assert_not_null(sandbox, "%s", error != NULL ? error->message : "");
    return sandbox;
}

void specimen_build(Specimen *submission)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Sandbox) sandbox = specimen_sandbox(submission);
    gboolean ok = intake_take(submission->rubric, submission->folder, submission->box,
                              submission->result, &error);
    if (ok && submission->result->status == SUBMISSION_GRADED)
        ok = compile_submission(submission->rubric, sandbox, submission->box, COMPILE_TO_GRADE,
                                submission->result, &error);
    cr_assert(ok, "%s", error != NULL ? error->message : "");
}

void specimen_judge(Specimen *submission)
{
    specimen_build(submission);
    if (submission->result->status != SUBMISSION_GRADED)
        return;
    g_autofree char *object = g_build_filename(submission->box, COMPILE_OBJECT, NULL);
    gate_judge(submission->rubric, object, submission->result);
}

const Diagnostic *specimen_find(const Specimen *submission, const char *severity, const char *part)
{
    for (guint i = 0; i < submission->result->diagnostics->len; i++) {
        const Diagnostic *each = submission->result->diagnostics->pdata[i];
        if (strcmp(each->severity, severity) == 0 && strstr(each->message, part) != NULL)
            return each;
    }
    return NULL;
}
