/* Tests of instructor/inbox/git_commit.h: clones, worktrees and submodules, and what leads out of the inbox. */
#include <criterion/criterion.h>
#include <unistd.h>

#include "support/inbox_case.h"

#define COMMIT "0123456789abcdef0123456789abcdef01234567"

TestSuite(git, .init = inbox_case_set_up, .fini = inbox_case_tear_down);

static void expect_commit_of_first(const char *wanted)
{
    const char *commit = ((Submission *)inbox_case->submissions->pdata[0])->commit;
    cr_expect_eq(g_strcmp0(commit, wanted), 0, "%s", commit != NULL ? commit : "none");
}

/* Ann has handed in what lies in class/ann, and this is its commit; or NULL. */
static void expect_commit(const char *wanted)
{
    inbox_case_put("ann/attention.c", "x");
    inbox_case_put("zoe/attention.c", "x");
    inbox_case_take("class");
    inbox_case_expect("ann zoe");
    expect_commit_of_first(wanted);
}

static void put_link(const char *name, const char *target)
{
    g_autofree char *path = g_build_filename(inbox_case_top, "class", name, NULL);
    inbox_case_put("ann/attention.c", "x");
    cr_assert_eq(symlink(target, path), 0);
}

Test(git, a_branch)
{
    inbox_case_put("ann/.git/HEAD", "ref: refs/heads/main\n");
    inbox_case_put("ann/.git/refs/heads/main", COMMIT "\n");
    expect_commit(COMMIT);
}

Test(git, a_class_named_from_where_it_is)
{
    inbox_case_put("ann/.git/HEAD", COMMIT "\n");
    inbox_case_put("ann/attention.c", "x");
    inbox_case_put("zoe/attention.c", "x");
    cr_assert_eq(chdir(inbox_case_top), 0);
    cr_assert(inbox_add(inbox_case, "class", NULL));
    expect_commit_of_first(COMMIT);
}

Test(git, a_packed_branch)
{
    inbox_case_put("ann/.git/HEAD", "ref: refs/heads/x\n");
    inbox_case_put("ann/.git/packed-refs", "# pack-refs with: peeled\n" COMMIT " refs/heads/x\n");
    expect_commit(COMMIT);
}

Test(git, a_detached_head)
{
    inbox_case_put("ann/.git/HEAD", COMMIT "\n");
    expect_commit(COMMIT);
}

Test(git, a_branch_that_is_another)
{
    inbox_case_put("ann/.git/HEAD", "ref: refs/heads/main\n");
    inbox_case_put("ann/.git/refs/heads/main", "ref: refs/heads/trunk\n");
    inbox_case_put("ann/.git/packed-refs", COMMIT " refs/heads/trunk\n");
    expect_commit(COMMIT);
}

Test(git, branches_in_a_circle)
{
    inbox_case_put("ann/.git/HEAD", "ref: refs/heads/a\n");
    inbox_case_put("ann/.git/refs/heads/a", "ref: refs/heads/b\n");
    inbox_case_put("ann/.git/refs/heads/b", "ref: refs/heads/a\n");
    expect_commit(NULL);
}

Test(git, no_commit_yet)
{
    inbox_case_put("ann/.git/HEAD", "ref: refs/heads/main\n");
    expect_commit(NULL);
}

Test(git, a_head_that_is_no_commit)
{
    inbox_case_put("ann/.git/HEAD", "=cmd|' /C calc'!A0\n");
    expect_commit(NULL);
}

Test(git, a_submodule)
{
    inbox_case_put("ann/.git", "gitdir: ../.git/modules/ann\n");
    inbox_case_put(".git/modules/ann/HEAD", "ref: refs/heads/main\n");
    inbox_case_put(".git/modules/ann/refs/heads/main", COMMIT "\n");
    expect_commit(COMMIT);
}

/* As git writes it: the path is absolute. */
Test(git, a_worktree)
{
    g_autofree char *to =
        g_strdup_printf("gitdir: %s/class/zoe/.git/worktrees/ann\n", inbox_case_top);
    inbox_case_put("ann/.git", to);
    inbox_case_put("zoe/.git/worktrees/ann/HEAD", "ref: refs/heads/ann\n");
    inbox_case_put("zoe/.git/worktrees/ann/commondir", "../..\n");
    inbox_case_put("zoe/.git/refs/heads/ann", COMMIT "\n");
    expect_commit(COMMIT);
}

Test(git, a_zip_of_submodules)
{
    const ZipEntry entries[] = {
        {.name = "week/.git/modules/ann/HEAD", .text = COMMIT "\n"},
        {.name = "week/ann/.git", .text = "gitdir: ../.git/modules/ann\n"},
        {.name = "week/ann/attention.c", .text = "x"},
        {.name = "week/bob/attention.c", .text = "x"},
    };
    inbox_case_write_zip("class.zip", entries, G_N_ELEMENTS(entries));
    inbox_case_take("class.zip");
    inbox_case_expect("ann bob");
    expect_commit_of_first(COMMIT);
}

/* ---- out of the inbox ------------------------------------------------------------------------ */

Test(git, a_file_that_leads_out)
{
    inbox_case_put("../secret/HEAD", COMMIT "\n");
    inbox_case_put("ann/.git", "gitdir: ../../secret\n");
    expect_commit(NULL);
}

Test(git, a_file_that_leads_out_by_a_link)
{
    inbox_case_put("../secret/HEAD", COMMIT "\n");
    put_link("ann/out", "../../secret");
    inbox_case_put("ann/.git", "gitdir: out\n");
    expect_commit(NULL);
}

Test(git, a_link_instead_of_the_folder)
{
    inbox_case_put("../secret/HEAD", COMMIT "\n");
    put_link("ann/.git", "../../secret");
    expect_commit(NULL);
}

Test(git, refs_that_lie_elsewhere)
{
    inbox_case_put("../secret/refs/heads/main", COMMIT "\n");
    inbox_case_put("ann/.git/HEAD", "ref: refs/heads/main\n");
    inbox_case_put("ann/.git/commondir", "../../../secret\n");
    expect_commit(NULL);
}

Test(git, a_ref_that_climbs)
{
    inbox_case_put("zoe/.git/HEAD", COMMIT "\n");
    inbox_case_put("ann/.git/HEAD", "ref: refs/../../../zoe/.git/HEAD\n");
    expect_commit(NULL);
}

/* Named alone, a submission is all there is. */
Test(git, the_neighbour_of_a_single_submission)
{
    inbox_case_put("zoe/.git/HEAD", COMMIT "\n");
    inbox_case_put("ann/attention.c", "x");
    inbox_case_put("ann/.git", "gitdir: ../zoe/.git\n");
    inbox_case_take("class/ann");
    cr_expect_null(inbox_case_only()->commit);
}
