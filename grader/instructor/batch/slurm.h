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

/*
 * Submit the job, wait for it, and merge the shards. A task that failed is an error, but what the
 * others graded is merged.
 */
gboolean slurm_grade(BatchWork *work, BatchOutcome *outcome, GError **error);
