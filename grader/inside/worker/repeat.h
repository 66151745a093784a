/*
 * repeat.h: `worker repeat`, which makes the recorded calls of one test again, under gdb or
 * Valgrind, while a student watches.
 *
 *     worker repeat RECORD OBJECT
 *
 * RECORD is what the proxy wrote (grader/proxy/proxy.h): each request, followed by its reply if one
 * came. There is no sandbox here: this is started by students for their own code on their own
 * machine, and a debugger could not look into one.
 */
#pragma once

/* Exit status 0 if every call came back. */
int repeat_main(int argc, char **argv);

/* Does nothing; called when the object is loaded and nothing of it has run. */
void repeat_ready(void);
