/* memcheck.c: `grader memcheck DIR --test ITEM/TEST`: Valgrind with all that it says. */
#include <stdio.h>
#include <sys/wait.h>

#include "base/error.h"
#include "commands/command.h"
#include "commands/recording.h"
#include "commands/repeating.h"

static int memcheck(const Recording *recording, const char *folder, GError **error)
{
    g_autofree char *worker = g_build_filename(recording->kit->libexec, "worker", NULL);
    const char *const argv[] = {"valgrind",
                                "--leak-check=full",
                                "--track-origins=yes",
                                "--num-callers=20",
                                "--redzone-size=512", /* as in the grading */
                                "--max-stackframe=8388608",
                                "--vex-iropt-unroll-thresh=0",
                                "--error-exitcode=1",
                                worker,
                                "repeat",
                                recording->path,
                                recording->object,
                                NULL};
    int status;
    printf("What is said to be still reachable at the end is the kit's, not yours.\n\n");
    fflush(stdout);
    if (!recording_run(folder, argv, &status, error))
        return EXIT_OWN_FAULT;
    return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? EXIT_FULL_MARKS : EXIT_POINTS_LOST;
}

static int run_memcheck(int argc, char **argv, GError **error)
{
    const Repeating how = {"Show all that Valgrind has to say about the test.", "valgrind",
                           COMPILE_TO_GRADE, memcheck};
    return repeating_run(&command_memcheck, &how, argc, argv, error);
}

const Command command_memcheck = {"memcheck", "DIR", "Valgrind with the calls of one public test",
                                  run_memcheck};
