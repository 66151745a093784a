/*
 * replay.h: `worker replay`, which makes the calls of many tests again under Valgrind.
 *
 *     worker replay SCRIPT OBJECT...
 *
 * SCRIPT is a ReplayScript and then, for each test, a ReplayTest followed by its requests (a
 * WireHeader and `length` bytes of payload each). Descriptor REPLAY_RESULTS_FD gets, for each call
 * that was made, a ReplayResult, the WireHeader of the reply and its payload. OBJECTs are equal
 * copies of the student's object, as many as there are tests; all but the first are only loaded
 * when needed.
 *
 * At each search for leaks Valgrind also reports blocks that can still be reached and were not
 * there at the last one.
 *
 * The worker puts messages into Valgrind's XML, between the errors and leaks that they separate.
 * They start with the script's token:
 *
 *     TOKEN ready              the object is loaded; nothing of it has run
 *     TOKEN begin 7            the test with index 7 begins
 *     TOKEN undefined 5        a result of a call of function 5 (API_...) has undefined elements
 *     TOKEN series 3           3 calls of the test are made, and a search for leaks has ended: what
 *                              is reported from here on was lost, or is retained, by later calls.
 *                              The second time also what is no longer retained was reported
 *     TOKEN end 7 errors 2 after 30   it has ended; Valgrind counted 2 errors in it, leaks not
 *                              included; it took 30 ms of CPU time
 *     TOKEN controls           what follows is the worker's own, see ReplayScript
 *     TOKEN done               all of it was run
 *
 * Tests are run in the order of the script; an isolated one in a child process, which goes on in
 * Valgrind's document.
 */
#pragma once

#include <stdint.h>

#define REPLAY_MAGIC 0x31504552u /* "REP1" */

/*
 * Valgrind's --xml-fd and --log-fd, of which it keeps copies out of reach: the worker closes these,
 * the log last, as a sign that from now on student code may run.
 */
#define REPLAY_XML_FD 3
#define REPLAY_LOG_FD 4
#define REPLAY_RESULTS_FD 5

/*
 * The controls: after the last test the worker loses a block of `lost_bytes`, reads one byte past
 * the end of a block of `read_bytes`, and branches on an undefined value. If Valgrind does not
 * report all three, its silence about the student's code means nothing.
 */
typedef struct {
    uint32_t magic;
    uint32_t tests;
    uint64_t token;
    uint32_t lost_bytes, read_bytes;
} ReplayScript;

typedef struct {
    uint32_t index;
    uint32_t isolated; /* 1: in a child process */
    uint32_t calls;
    uint32_t series[2]; /* after so many calls "series" is said, see call_log_series(); or 0 */
} ReplayTest;

typedef struct {
    uint32_t test; /* index */
    uint32_t call; /* 0 for the first of the test */
} ReplayResult;

/* Exit status 0 if every test was run. */
int replay_main(int argc, char **argv);
