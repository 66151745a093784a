/*
 * git_commit.h: the commit that a clone, a worktree or a submodule has checked out.
 */
#pragma once

#include <glib.h>

/*
 * Reads HEAD and refs, runs no git. `folder` is the submission's, in `root` or the same; what lies
 * outside of `root` is not read, wherever links and a `.git` file lead. NULL if there is none.
 */
char *git_commit(const char *root, const char *folder);
