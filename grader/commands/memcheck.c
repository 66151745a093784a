/* memcheck.c: `grader memcheck DIR --test ITEM/TEST`: Valgrind with all that it says. */
#include <stdio.h>

#include "commands/session.h"

static int start_valgrind(const Session *session, const char *folder, GError **error)
{
    const char *const valgrind[] = {"valgrind",
                                    "--leak-check=full",
                                    "--track-origins=yes",
                                    "--num-callers=20",
                                    "--redzone-size=512", /* as in the grading */
                                    "--max-stackframe=8388608",
                                    "--vex-iropt-unroll-thresh=0",
                                    "--error-exitcode=1",
                                    NULL};
    printf("What is said to be still reachable at the end is the kit's, not yours.\n\n");
    fflush(stdout);
    return session_run(session, folder, valgrind, EXIT_POINTS_LOST, error);
}

static int run_memcheck(int argc, char **argv, GError **error)
{
    const SessionCommand how = {"Show all that Valgrind has to say about the test.", "valgrind",
                                COMPILE_TO_GRADE, start_valgrind};
    return session_command(&command_memcheck, &how, argc, argv, error);
}

const Command command_memcheck = {"memcheck", "DIR", "Valgrind with the calls of one public test",
                                  run_memcheck};
