/* requests.c: what is asked of Valgrind; see requests.h. */
#include "inside/worker/requests.h"

#include <sys/mman.h>
#include <sys/syscall.h>
#include <valgrind/memcheck.h>

#define PAGE 4096

void request_log_calls(void)
{
    VALGRIND_CLO_CHANGE("--trace-syscalls=yes");
}

void request_log_code(void)
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

void request_find_changes(void)
{
    VALGRIND_DO_CHANGED_LEAK_CHECK;
}

void request_report_retained(void)
{
    VALGRIND_CLO_CHANGE("--show-leak-kinds=definite,possible,reachable");
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

/* The kernel itself, without the C library, which would need a thread of its own here. */
static long call_kernel(long number, long first, long second, long third)
{
#if defined __x86_64__
    long result = number;
    __asm__ volatile("syscall"
                     : "+a"(result)
                     : "D"(first), "S"(second), "d"(third)
                     : "rcx", "r11", "memory");
    return result;
#else
    register long called __asm__("x8") = number;
    register long result __asm__("x0") = first;
    register long middle __asm__("x1") = second;
    register long last __asm__("x2") = third;
    __asm__ volatile("svc 0" : "+r"(result) : "r"(called), "r"(middle), "r"(last) : "memory");
    return result;
#endif
}

/* What comes back; 0 if nobody calls, which is so without Valgrind. */
enum { DONE = 1, FAILED };

static long advise(long thread, void *page, size_t bytes)
{
    (void)thread;
    return call_kernel(SYS_madvise, (long)page, (long)bytes, MADV_NORMAL) == 0 ? DONE : FAILED;
}

bool request_is_mapped(void *page, size_t bytes)
{
    long done = VALGRIND_NON_SIMD_CALL2(advise, page, bytes);
    if (done == 0)
        done = advise(0, page, bytes);
    return done == DONE;
}
