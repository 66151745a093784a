/*
 * ci.h: what one check leaves behind for those who are not at the terminal: files for any
 * continuous integration, and what a runner of GitHub Actions picks up.
 */
#pragma once

#include "result/result.h"

/* Write result.json, junit.xml and summary.md into a folder, which is made if it is not there. */
gboolean report_ci_write(const Result *result, const char *folder, GError **error);

/* Does a runner of GitHub Actions read what we print? */
gboolean report_ci_is_github(void);

/*
 * Mark what is wrong in the files of the repository, with commands on standard output; append the
 * summary to the file $GITHUB_STEP_SUMMARY, and `result=`, which the reporter of GitHub Classroom
 * reads, to $GITHUB_OUTPUT, where there are such files. `folder` is where the submission lies.
 */
gboolean report_ci_github(const Result *result, const char *folder, GError **error);
