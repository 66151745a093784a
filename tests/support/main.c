/*
 * main.c: a test program of the assignment. It takes Criterion's own options; with ATTENTION_LIST
 * set it lists its tests instead of running them (report.h).
 */
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>

#include <criterion/criterion.h>

#include "report.h"

/* Tests run in re-executed children, so this holds for each of them: none outlives the grader. */
__attribute__((constructor)) static void die_with_parent(void)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
}

int main(int argc, char *argv[])
{
    struct criterion_test_set *tests = criterion_initialize();
    bool succeeded = true;
    if (getenv("ATTENTION_LIST"))
        succeeded = report_list(tests);
    else if (criterion_handle_args(argc, argv, true))
        succeeded = criterion_run_all_tests(tests);
    criterion_finalize(tests);
    return succeeded ? EXIT_SUCCESS : EXIT_FAILURE;
}
