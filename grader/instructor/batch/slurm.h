/*
 * slurm.h: the same batch on a Slurm cluster.
 *
 * A job array grades shards (`grader grade --shard K/N`), each into a gradebook of its own that
 * begins with what the class's gradebook has, so nothing is graded twice; then they are merged. The
 * nodes need the kit, the submissions and the folder of grades at the same paths.
 */
#pragma once

#include "instructor/batch/batch.h"
#include "instructor/batch/work.h"

/* Submit the job, wait, and merge the shards; also if a task failed, which is an error. */
gboolean slurm_grade(BatchWork *work, BatchOutcome *outcome, GError **error);
