/*
 * libgit2.c: stands in for libgit2 in the test programs of the assignment.
 *
 * Criterion asks libgit2 to show how two strings differ. The tests here compare numbers, but the
 * process of each test would load libgit2 with the fourteen libraries that it needs, and let it read
 * the certificates of this machine's authorities: three quarters of what an empty test costs.
 * Built under libgit2's own name (grader/build.mk), this is found in its place.
 */
int git_libgit2_init(void);
int git_libgit2_shutdown(void);
int git_diff_buffers(void);

int git_libgit2_init(void)
{
    return 1;
}

int git_libgit2_shutdown(void)
{
    return 0;
}

/* An error: Criterion then shows the two strings one after the other. */
int git_diff_buffers(void)
{
    return -1;
}
