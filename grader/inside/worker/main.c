/*
 * main.c: the program that runs beside student code, untrusted from the moment it loads it.
 *
 *     worker fork-server ...   answer the calls of tests (fork_server.h)
 *     worker replay ...        make the calls of tests again under Valgrind (replay.h)
 *     worker session ...       make those of one test again, for a student who debugs (session.h)
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#include "inside/worker/fork_server.h"
#include "inside/worker/replay.h"
#include "inside/worker/session.h"

int main(int argc, char **argv)
{
    /* Without an orientation perror() opens stderr again, by calls that the filter forbids. */
    fwide(stderr, -1);
    if (argc > 1 && strcmp(argv[1], "fork-server") == 0)
        return fork_server_main(argc - 1, argv + 1);
    if (argc > 1 && strcmp(argv[1], "replay") == 0)
        return replay_main(argc - 1, argv + 1);
    if (argc > 1 && strcmp(argv[1], "session") == 0)
        return session_main(argc - 1, argv + 1);
    fprintf(stderr, "usage: worker fork-server|replay|session ...\n");
    return EXIT_FAILURE;
}
