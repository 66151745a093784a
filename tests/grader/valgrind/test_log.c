/*
 * test_log.c: Valgrind's log, and what student code must not do in it. The numbers are those of
 * x86-64.
 */
#include <criterion/criterion.h>
#include <string.h>

#include "valgrind/log.h"

/* The object, and a library that it needs. */
#define BEFORE                                                                                     \
    "SYSCALL[2,1](257) sys_openat ( 4294967196, 0x1(./attention.so), 524288 ) --> [async] ... \n"  \
    "SYSCALL[2,1](9) sys_mmap ( 0x0, 20000, 1, 2050, 3, 0 ) --> [pre-success] Success(0x10000) \n" \
    "SYSCALL[2,1](9) sys_mmap ( 0x11000, 4096, 5, 2066, 3, 4096 ) --> [pre-success] "              \
    "Success(0x11000) \n"                                                                          \
    "SYSCALL[2,1](257) sys_openat ( 4294967196, 0x1(/lib/libm.so.6), 2 ) --> [async] ... \n"       \
    "SYSCALL[2,1](257) ... [async] --> Success(0x3) \n"                                            \
    "SYSCALL[2,1](9) sys_mmap ( 0x21000, 8192, 5, 2066, 3, 8192 ) --> [pre-success] "              \
    "Success(0x21000) \n"                                                                          \
    "SYSCALL[2,1](3) sys_close ( 4 )[sync] --> Success(0x0) \n"

static ValgrindLog read_log(const char *text)
{
    ValgrindLog log;
    valgrind_log_init(&log, NULL);
    valgrind_log_take(&log, BEFORE, strlen(BEFORE));
    for (const char *at = text; *at != '\0'; at++)
        valgrind_log_take(&log, at, 1);
    return log;
}

static void expect_forbidden(const char *text, const char *forbidden)
{
    ValgrindLog log = read_log(text);
    cr_expect_eq(g_strcmp0(log.forbidden, forbidden), 0, "%s: forbidden %s", text, log.forbidden);
    valgrind_log_clear(&log);
}

static void expect_complaint(const char *text, const char *complaint)
{
    ValgrindLog log = read_log(text);
    cr_expect_eq(g_strcmp0(log.complaint, complaint), 0, "%s: complaint %s", text, log.complaint);
    valgrind_log_clear(&log);
}

Test(valgrind_log, what_the_worker_does_is_allowed)
{
    static const char *const lines[] = {
        "",
        "SYSCALL[2,1](1) sys_write ( 1, 0x4a43090, 23 ) --> [async] ... \n"
        "SYSCALL[2,1](1) ... [async] --> Success(0x17) \n",
        "SYSCALL[2,1](257) sys_openat ( 4294967196, 0x1(memory-1/attention-12.so), 524288 ) --> "
        "[async] ... \nSYSCALL[2,1](257) ... [async] --> Success(0x4) \n",
        /* A copy of the object, anywhere. */
        "SYSCALL[2,1](9) sys_mmap ( 0x0, 20000, 1, 2050, 4, 0 ) --> [pre-success] "
        "Success(0x80000) \n"
        "SYSCALL[2,1](9) sys_mmap ( 0x81000, 4096, 5, 2066, 4, 4096 ) --> [pre-success] "
        "Success(0x81000) \n"
        "SYSCALL[2,1](10) sys_mprotect ( 0x83000, 4096, 1 )[sync] --> Success(0x0) \n",
        "SYSCALL[2,1](9) sys_mmap ( 0x0, 20000, 0, 34, -1, 0 ) --> [pre-success] "
        "Success(0x80000) \n"
        "SYSCALL[2,1](11) sys_munmap ( 0x80000, 4096 )[sync] --> Success(0x0) \n",
        "SYSCALL[2,1](257) sys_openat ( -100, 0x1(memory-2/attention-1.so), 524288 )[sync] --> "
        "Success(0x4) \n",
        /* The C library looks for something that is not there. */
        "SYSCALL[2,1](257) sys_openat ( 4294967196, 0x1(/dev/tty), 2 ) --> [async] ... \n"
        "SYSCALL[2,1](257) ... [async] --> Failure(0x2) \n",
        /* Two processes at once. */
        "SYSCALL[2,1](61) SYSCALL[7,1](273) sys_set_robust_list ( 0x1, 24 )[sync] --> "
        "Success(0x0) \nsys_wait4 ( 7, 0x1, 0, 0x0 ) --> [async] ... \n"
        "SYSCALL[2,1](56) sys_clone ( 1200011, 0x0 ) SYSCALL[8,1](273) sys_set_robust_list ( 0x1, "
        "24 )[sync] --> Success(0x0) \n   clone(fork): process 2 created child 8\n --> "
        "[pre-success] Success(0x8) \n[sync] --> Success(0x0) \n... [async] --> Success(0x0) \n",
    };
    for (gsize i = 0; i < G_N_ELEMENTS(lines); i++) {
        expect_forbidden(lines[i], NULL);
        expect_complaint(lines[i], NULL);
    }
}

Test(valgrind_log, what_only_an_attack_does_is_not)
{
    static const char *const lines[][2] = {
        {"openat", "SYSCALL[2,1](257) sys_openat ( 4294967196, 0x1(memory-1/script), 0 ) --> "
                   "[async] ... \nSYSCALL[2,1](257) ... [async] --> Success(0x4) \n"},
        {"openat", "SYSCALL[2,1](257) sys_openat ( 1, 0x1(/x/\n(memory-1/attention-1.so), 0 ) "
                   "--> [async] ... \nSYSCALL[2,1](257) ... [async] --> Success(0x4) \n"},
        /* New code, other code, and a place that is not the loader's. */
        {"mmap", "SYSCALL[2,1](9) sys_mmap ( 0x0, 4096, 7, 34, 4294967295, 0 ) --> [pre-success] "
                 "Success(0x90000) \n"},
        {"mmap", "SYSCALL[2,1](9) sys_mmap ( 0x11000, 4096, 5, 2066, 4, 8192 ) --> [pre-success] "
                 "Success(0x11000) \n"},
        {"mmap", "SYSCALL[2,1](9) sys_mmap ( 0x99000, 4096, 3, 50, 4294967295, 0 ) --> "
                 "[pre-success] Success(0x99000) \n"},
        {"mmap", "SYSCALL[2,1](9) sys_mmap ( 0x14000, 40960, 3, 50, 4294967295, 0 ) --> "
                 "[pre-success] Success(0x14000) \n"},
        {"mmap", "SYSCALL[2,1](9) sys_mmap gone wrong\n"},
        {"mprotect", "SYSCALL[2,1](10) sys_mprotect ( 0x1000, 4096, 3 )[sync] --> Success(0x0) \n"},
        {"madvise", "SYSCALL[2,1](28) sys_madvise ( 0x4a3b000, 1096, 4 ) --> [async] ... \n"},
        /* Results of its own. */
        {"mremap", "SYSCALL[2,1](25) sys_mremap ( 0x11000, 4096, 8192, 0x1 )\n"},
        {"munmap", "SYSCALL[2,1](11) sys_munmap ( 0x31000, 4096 )[sync] --> Success(0x0) \n"},
        {"unlink", "SYSCALL[2,1](1) sys_write ( 1, SYSCALL[2,1](87) sys_unlink ( 0x1(a) )\n"},
        {"number 9999", "SYSCALL[2,1](9999) unimplemented (by the kernel) syscall: 9999!\n"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(lines); i++)
        expect_forbidden(lines[i][1], lines[i][0]);
}

Test(valgrind_log, what_is_said_of_the_first_process_is_a_complaint)
{
    expect_complaint("==2== Warning: client switching stacks?\n",
                     "==2== Warning: client switching stacks?");
    expect_complaint("--2-- WARNING: unhandled syscall\n", "--2-- WARNING: unhandled syscall");
    expect_complaint("valgrind: the impossible happened\n", "valgrind: the impossible happened");
}

/* An isolated test may take its Valgrind along. */
Test(valgrind_log, what_is_said_of_another_process_is_none)
{
    expect_complaint(
        "--7-- VALGRIND INTERNAL ERROR: signal 11\n\nhost stacktrace:\n==7==    at 0x1\n"
        "sched status:\nSYSCALL[2,1](61) ... [async] --> Success(0x7) \n",
        NULL);
    expect_complaint("==7== one\ntwo\nSYSCALL[2,1](61) ... [async] --> Success(0x7) \nthree\n",
                     "three");
}

Test(valgrind_log, a_line_without_an_end_is_bounded)
{
    ValgrindLog log = read_log("");
    g_autofree char *flood = g_strnfill(1 << 20, 'x');
    valgrind_log_take(&log, flood, 1 << 20);
    cr_expect_lt(log.line->len, 10000, "%zu bytes are kept", log.line->len);
    valgrind_log_take(&log, "\n", 1);
    cr_expect_eq(strlen(log.complaint), 200, "%s", log.complaint);
    valgrind_log_clear(&log);
}
