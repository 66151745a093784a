/*
 * stale.h: what test programs left in shared memory when the grader was killed (SIGKILL).
 *
 * Criterion hands each test its settings in /dev/shm/bxfi_PID and removes that when the test has
 * started, so only who is killed in between leaves one.
 */
#pragma once

/* Remove those in a folder that are old, this user's, and of a process that is gone. */
void stale_remove(const char *folder);

#define STALE_FOLDER "/dev/shm"
