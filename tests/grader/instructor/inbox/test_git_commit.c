/* Tests of instructor/inbox/git_commit.h: clones, worktrees and submodules, and what leads out of the inbox. */
#include <criterion/criterion.h>
#include <unistd.h>

#include "support/inbox_case.h"

#define COMMIT "0123456789abcdef0123456789abcdef01234567"

TestSuite(git, .init = class_set_up, .fini = class_tear_down);

static void expect_commit_of_first(const char *wanted)
{
    const char *commit = ((Submission *)class_inbox->submissions->pdata[0])->commit;
    cr_expect_eq(g_strcmp0(commit, wanted), 0, "%s", commit != NULL ? commit : "none");
}

/* Ann has handed in what lies in class/ann, and this is its commit; or NULL. */
static void expect_commit(const char *wanted)
{
    class_put("ann/attention.c", "x");
    class_put("zoe/attention.c", "x");
    class_take("class");
    class_expect("ann zoe");
    expect_commit_of_first(wanted);
}

static void put_link(const char *name, const char *target)
{
    g_autofree char *path = g_build_filename(class_top, "class", name, NULL);
    class_put("ann/attention.c", "x");
    cr_assert_eq(symlink(target, path), 0);
}

Test(git, a_branch)
{
    class_put("ann/.git/HEAD", "ref: refs/heads/main\n");
    class_put("ann/.git/refs/heads/main", COMMIT "\n");
    expect_commit(COMMIT);
}

Test(git, a_class_named_from_where_it_is)
{
    class_put("ann/.git/HEAD", COMMIT "\n");
    class_put("ann/attention.c", "x");
    class_put("zoe/attention.c", "x");
    cr_assert_eq(chdir(class_top), 0);
    cr_assert(inbox_add(class_inbox, "class", NULL));
    expect_commit_of_first(COMMIT);
}

Test(git, a_packed_branch)
{
    class_put("ann/.git/HEAD", "ref: refs/heads/x\n");
    class_put("ann/.git/packed-refs", "# pack-refs with: peeled\n" COMMIT " refs/heads/x\n");
    expect_commit(COMMIT);
}

Test(git, a_detached_head)
{
    class_put("ann/.git/HEAD", COMMIT "\n");
    expect_commit(COMMIT);
}

Test(git, a_branch_that_is_another)
{
    class_put("ann/.git/HEAD", "ref: refs/heads/main\n");
    class_put("ann/.git/refs/heads/main", "ref: refs/heads/trunk\n");
    class_put("ann/.git/packed-refs", COMMIT " refs/heads/trunk\n");
    expect_commit(COMMIT);
}

Test(git, branches_in_a_circle)
{
    class_put("ann/.git/HEAD", "ref: refs/heads/a\n");
    class_put("ann/.git/refs/heads/a", "ref: refs/heads/b\n");
    class_put("ann/.git/refs/heads/b", "ref: refs/heads/a\n");
    expect_commit(NULL);
}

Test(git, no_commit_yet)
{
    class_put("ann/.git/HEAD", "ref: refs/heads/main\n");
    expect_commit(NULL);
}

Test(git, a_head_that_is_no_commit)
{
    class_put("ann/.git/HEAD", "=cmd|' /C calc'!A0\n");
    expect_commit(NULL);
}

Test(git, a_submodule)
{
    class_put("ann/.git", "gitdir: ../.git/modules/ann\n");
    class_put(".git/modules/ann/HEAD", "ref: refs/heads/main\n");
    class_put(".git/modules/ann/refs/heads/main", COMMIT "\n");
    expect_commit(COMMIT);
}

/* As git writes it: the path is absolute. */
Test(git, a_worktree)
{
    g_autofree char *to = g_strdup_printf("gitdir: %s/class/zoe/.git/worktrees/ann\n", class_top);
    class_put("ann/.git", to);
    class_put("zoe/.git/worktrees/ann/HEAD", "ref: refs/heads/ann\n");
    class_put("zoe/.git/worktrees/ann/commondir", "../..\n");
    class_put("zoe/.git/refs/heads/ann", COMMIT "\n");
    expect_commit(COMMIT);
}

Test(git, a_zip_of_submodules)
{
    const ClassEntry entries[] = {
        {.name = "week/.git/modules/ann/HEAD", .text = COMMIT "\n"},
        {.name = "week/ann/.git", .text = "gitdir: ../.git/modules/ann\n"},
        {.name = "week/ann/attention.c", .text = "x"},
        {.name = "week/bob/attention.c", .text = "x"},
    };
    class_write_zip("class.zip", entries, G_N_ELEMENTS(entries));
    class_take("class.zip");
    class_expect("ann bob");
    expect_commit_of_first(COMMIT);
}

/* ---- out of the inbox ------------------------------------------------------------------------ */

Test(git, a_file_that_leads_out)
{
    class_put("../secret/HEAD", COMMIT "\n");
    class_put("ann/.git", "gitdir: ../../secret\n");
    expect_commit(NULL);
}

Test(git, a_file_that_leads_out_by_a_link)
{
    class_put("../secret/HEAD", COMMIT "\n");
    put_link("ann/out", "../../secret");
    class_put("ann/.git", "gitdir: out\n");
    expect_commit(NULL);
}

Test(git, a_link_instead_of_the_folder)
{
    class_put("../secret/HEAD", COMMIT "\n");
    put_link("ann/.git", "../../secret");
    expect_commit(NULL);
}

Test(git, refs_that_lie_elsewhere)
{
    class_put("../secret/refs/heads/main", COMMIT "\n");
    class_put("ann/.git/HEAD", "ref: refs/heads/main\n");
    class_put("ann/.git/commondir", "../../../secret\n");
    expect_commit(NULL);
}

Test(git, a_ref_that_climbs)
{
    class_put("zoe/.git/HEAD", COMMIT "\n");
    class_put("ann/.git/HEAD", "ref: refs/../../../zoe/.git/HEAD\n");
    expect_commit(NULL);
}

/* Named alone, a submission is all there is. */
Test(git, the_neighbour_of_a_single_submission)
{
    class_put("zoe/.git/HEAD", COMMIT "\n");
    class_put("ann/attention.c", "x");
    class_put("ann/.git", "gitdir: ../zoe/.git\n");
    class_take("class/ann");
    cr_expect_null(class_only()->commit);
}
