/*
 * git_commit.h: which commit a clone, a worktree or a submodule has checked out.
 */
#pragma once

#include <glib.h>

/*
 * Read HEAD and refs, without running git. `folder` is the submission's, and lies in `root` or is
 * `root`. Nothing outside of `root` is read, wherever links and a `.git` file lead. NULL if there
 * is no commit.
 */
char *git_commit(const char *root, const char *folder);
