/* death.c: see death.h. */
#include "proxy/death.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#include "wire/wire.h"

/* What a signal means. %s in `what` is the limit that was passed, if there is one. */
static const struct {
    int signal;
    const char *failure, *what, *hint;
} signals[] = {
    {SIGSEGV, "crash", "crashed: it used memory that is not there (SIGSEGV)",
     "a NULL pointer, an index outside an array, or a tensor that was freed?"},
    {SIGBUS, "crash", "crashed: it used memory that is not there (SIGBUS)",
     "an index far outside an array?"},
    {SIGABRT, "crash", "was aborted (SIGABRT)",
     "see what it printed: a failed assert, an index out of range, or memory damaged or freed "
     "twice?"},
    {SIGFPE, "crash", "crashed: an integer was divided by zero (SIGFPE)",
     "which divisor can be 0 here?"},
    {SIGILL, "crash", "crashed: it came to an instruction that does not exist (SIGILL)",
     "a function that ends without return, or a damaged stack?"},
    {SIGTRAP, "crash", "crashed: it came to a breakpoint (SIGTRAP)",
     "a function that ends without return?"},
    {SIGXCPU, "timeout", "did not return within %s s of computing",
     "an endless loop? Look at the condition and the step of each loop"},
    {SIGXFSZ, "output", "printed more than %s KiB", "a printf in a loop? Take debug prints out"},
    {SIGSYS, "forbidden", "asked the operating system for something that is not allowed (SIGSYS)",
     "only memory, arithmetic and printing are needed here"},
    {SIGKILL, "crash", "was killed (SIGKILL), probably because it used too much memory",
     "is something created again and again in a loop?"},
};

static void describe_signal(Death *death, int signal, const char *seconds, const char *kib)
{
    for (size_t i = 0; i < sizeof signals / sizeof signals[0]; i++) {
        if (signals[i].signal != signal)
            continue;
        death->failure = signals[i].failure;
        death->hint = signals[i].hint;
        const char *limit = signal == SIGXCPU ? seconds : kib;
        const char *gap = strstr(signals[i].what, "%s");
        if (gap == NULL)
            snprintf(death->what, sizeof death->what, "%s", signals[i].what);
        else
            snprintf(death->what, sizeof death->what, "%.*s%s%s", (int)(gap - signals[i].what),
                     signals[i].what, limit != NULL ? limit : "?", gap + 2);
        return;
    }
    death->failure = "crash";
    snprintf(death->what, sizeof death->what, "was ended by signal %d", signal);
}

Death death_describe(int wait_status, const char *cpu_seconds, const char *output_kib)
{
    Death death = {.failure = "crash"};
    if (WIFSIGNALED(wait_status)) {
        describe_signal(&death, WTERMSIG(wait_status), cpu_seconds, output_kib);
    } else if (WIFEXITED(wait_status) && WEXITSTATUS(wait_status) == WIRE_EXIT_NO_MEMORY) {
        death.hint = "is something created again and again in a loop?";
        snprintf(death.what, sizeof death.what, "left no memory for the next step");
    } else if (WIFEXITED(wait_status)) {
        death.failure = "exit";
        death.hint = "report errors by returning NULL; exit() would end the whole program that "
                     "uses your code";
        snprintf(death.what, sizeof death.what, "called exit(%d) instead of returning",
                 WEXITSTATUS(wait_status));
    } else {
        snprintf(death.what, sizeof death.what, "ended with status %d", wait_status);
    }
    return death;
}
