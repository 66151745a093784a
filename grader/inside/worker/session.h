/*
 * session.h: `worker session`, which makes the calls of one test again, under gdb or Valgrind,
 * while a student watches.
 *
 *     worker session LOG OBJECT
 *
 * LOG is the call log that the proxy wrote (grader/proxy/proxy.h). There is no sandbox here: this
 * is started by students for their own code on their own machine, and a debugger could not look
 * into one.
 */
#pragma once

/* Exit status 0 if every call came back. */
int session_main(int argc, char **argv);

/* Does nothing; called when the object is loaded and nothing of it has run. */
void session_ready(void);
