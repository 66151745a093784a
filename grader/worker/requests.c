/* requests.c: what is asked of Valgrind; see requests.h. */
#include "requests.h"

#include <errno.h>
#include <valgrind/memcheck.h>

#include "replay.h"

#define PAGE 4096

void request_tell_calls(void)
{
    VALGRIND_CLO_CHANGE("--trace-syscalls=yes");
}

void request_tell_code(void)
{
    VALGRIND_CLO_CHANGE("--trace-flags=10000000");
}

void request_say(const char *text)
{
    VALGRIND_PRINTF("%s\n", text);
}

unsigned request_count_errors(void)
{
    return VALGRIND_COUNT_ERRORS;
}

void request_find_leaks(void)
{
    VALGRIND_DO_ADDED_LEAK_CHECK;
}

bool request_is_undefined(const void *bytes, size_t length)
{
    return VALGRIND_CHECK_MEM_IS_DEFINED(bytes, length);
}

void request_hide(const void *bytes, size_t length)
{
    VALGRIND_MAKE_MEM_NOACCESS(bytes, length);
}

/* ---- on the processor ------------------------------------------------------------------------ */

/*
 * These are called by Valgrind itself, and not in its simulation: what is large is compared after
 * each test, and what is undefined is no error there. So they must call nothing of the C library.
 */

static long has_changed(long thread, const RequestVariables *variables)
{
    (void)thread;
    for (size_t i = 0; i < variables->size; i++)
        if (variables->writable[i] != (i < variables->initialised ? variables->fresh[i] : 0))
            return 1;
    return 0;
}

bool request_has_changed(const RequestVariables *variables)
{
    return VALGRIND_NON_SIMD_CALL1(has_changed, variables);
}

static long find_empty(long thread, const RequestVariables *variables, size_t from)
{
    (void)thread;
    for (; from + PAGE <= variables->size; from += PAGE) {
        size_t i = 0;
        while (i < PAGE && variables->writable[from + i] == 0)
            i++;
        if (i == PAGE)
            return (long)from;
    }
    return (long)variables->size;
}

size_t request_find_empty(const RequestVariables *variables, size_t from)
{
    return VALGRIND_NON_SIMD_CALL2(find_empty, variables, from);
}

/* write() itself, without the C library, which would need a thread of its own here. */
static long write_to(long fd, const void *bytes, size_t length)
{
#if defined __x86_64__
    long result = 1;
    __asm__ volatile("syscall"
                     : "+a"(result)
                     : "D"(fd), "S"(bytes), "d"(length)
                     : "rcx", "r11", "memory");
    return result;
#else
    register long number __asm__("x8") = 64;
    register long result __asm__("x0") = fd;
    register const void *from __asm__("x1") = bytes;
    register size_t most __asm__("x2") = length;
    __asm__ volatile("svc 0" : "+r"(result) : "r"(number), "r"(from), "r"(most) : "memory");
    return result;
#endif
}

enum { SENT = 1, FAILED };

static long send_all(long thread, const char *bytes, size_t length)
{
    (void)thread;
    while (length > 0) {
        long written = write_to(REPLAY_RESULTS_FD, bytes, length);
        if (written == -EINTR)
            continue;
        if (written < 0)
            return FAILED;
        bytes += written;
        length -= (size_t)written;
    }
    return SENT;
}

bool request_send(const void *bytes, size_t length)
{
    long done = VALGRIND_NON_SIMD_CALL2(send_all, bytes, length);
    if (done == 0) /* without Valgrind nobody calls it */
        done = send_all(0, bytes, length);
    return done == SENT;
}
