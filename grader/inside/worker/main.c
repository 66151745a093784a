/*
 * main.c: the program that runs beside student code, untrusted from the moment it loads it.
 *
 *     worker nursery ...   answer the calls of tests (nursery.h)
 *     worker replay ...    repeat recorded calls under Valgrind (replay.h)
 *     worker repeat ...    repeat those of one test, for a student who debugs (repeat.h)
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#include "inside/worker/nursery.h"
#include "inside/worker/repeat.h"
#include "inside/worker/replay.h"

int main(int argc, char **argv)
{
    /* perror() opens stderr again, by calls that the filter forbids, unless it has an orientation. */
    fwide(stderr, -1);
    if (argc > 1 && strcmp(argv[1], "nursery") == 0)
        return nursery_main(argc - 1, argv + 1);
    if (argc > 1 && strcmp(argv[1], "replay") == 0)
        return replay_main(argc - 1, argv + 1);
    if (argc > 1 && strcmp(argv[1], "repeat") == 0)
        return repeat_main(argc - 1, argv + 1);
    fprintf(stderr, "usage: worker nursery|replay|repeat ...\n");
    return EXIT_FAILURE;
}
