/* log.c: see log.h. */
#include "valgrind/log.h"

#include <inttypes.h>
#include <seccomp.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/pattern.h"
#include "inside/worker/replay.h"

#define MAX_LINE 1000 /* bytes that are looked at */
#define COMPLAINT 200 /* characters of a line that are quoted */

/*
 * The calls that the C library makes for what students may call, and those that the worker needs
 * for its results and for isolated tests. None of them moves memory about or handles signals.
 */
static const char harmless[] =
    "clock_getres clock_gettime clone close exit exit_group fork fstat futex getcwd getpid "
    "getrandom gettid gettimeofday lseek newfstatat pread64 read restart_syscall rseq "
    "rt_sigprocmask sched_yield set_robust_list sysinfo tgkill time uname wait4 write writev";

void valgrind_log_init(ValgrindLog *log, const char *worker)
{
    *log = (ValgrindLog){.line = g_string_new(NULL)};
    valgrind_jumps_init(&log->jumps, worker);
}

void valgrind_log_clear(ValgrindLog *log)
{
    if (log->line != NULL)
        g_string_free(log->line, TRUE);
    g_free(log->complaint);
    g_free(log->forbidden);
    valgrind_jumps_clear(&log->jumps);
}

/* ---- system calls ---------------------------------------------------------------------------- */

static gboolean is_harmless(int number)
{
    static GHashTable *numbers;
    if (g_once_init_enter(&numbers)) {
        GHashTable *known = g_hash_table_new(NULL, NULL);
        g_auto(GStrv) names = g_strsplit(harmless, " ", -1);
        for (guint i = 0; names[i] != NULL; i++)
            g_hash_table_add(known, GINT_TO_POINTER(seccomp_syscall_resolve_name(names[i])));
        g_once_init_leave(&numbers, known);
    }
    return g_hash_table_contains(numbers, GINT_TO_POINTER(number));
}

static gboolean matches(GRegex **compiled, const char *expression, const char *line)
{
    return pattern_matches(compiled, expression, 0, line, NULL);
}

/* Read the result of a call; FALSE if the call failed, or its result is on another line. */
static gboolean get_success(const char *words, guint64 *value)
{
    const char *result = strstr(words, "Success(0x");
    return result != NULL && sscanf(result, "Success(0x%" SCNx64 ")", value) == 1;
}

static gboolean is_reserved(const ValgrindLog *log, guint64 address, guint64 length)
{
    guint64 page = (guint64)sysconf(_SC_PAGESIZE);
    return address >= log->base && address < log->end && length <= log->end - address + page;
}

/* The loader reserves a range of addresses for an object, and then maps its segments into it. */
static gboolean may_map(ValgrindLog *log, const char *words)
{
    guint64 address, protection, result;
    ValgrindMapping map;
    if (sscanf(words,
               "sys_mmap ( 0x%" SCNx64 ", %" SCNu64 ", %" SCNu64 ", %" SCNu64 ", %*u, %" SCNu64,
               &address, &map.length, &protection, &map.flags, &map.offset) != 5)
        return FALSE;
    if ((map.flags & MAP_FIXED) == 0 && get_success(words, &result)) {
        log->base = result;
        log->end = result + map.length;
    }
    if (!log->judging) {
        if ((protection & PROT_EXEC) != 0 && !log->stray_open)
            log->mapping = map;
        return TRUE;
    }
    if ((protection & PROT_EXEC) != 0 &&
        (map.length != log->mapping.length || map.flags != log->mapping.flags ||
         map.offset != log->mapping.offset))
        return FALSE;
    return (map.flags & MAP_FIXED) == 0 ? address == 0 : is_reserved(log, address, map.length);
}

/* The loader gives back what it reserved beyond an object that had to be aligned. */
static gboolean may_unmap(const ValgrindLog *log, const char *words)
{
    guint64 address, length;
    return sscanf(words, "sys_munmap ( 0x%" SCNx64 ", %" SCNu64, &address, &length) == 2 &&
           is_reserved(log, address, length);
}

/* The loader makes read-only what it has relocated. */
static gboolean may_protect(const char *words)
{
    guint64 protection;
    return sscanf(words, "sys_mprotect ( %*x, %*u, %" SCNu64, &protection) == 1 &&
           protection == PROT_READ;
}

/*
 * The program may open the object and its copies. The C library may look for other files if they
 * are not there, which the second line about the call says: "... [async] --> Failure(0x2)".
 */
static gboolean may_open(ValgrindLog *log, const char *words)
{
    static GRegex *compiled;
    static const char object[] = "^sys_openat \\( -?\\d+, 0x[0-9a-f]+"
                                 "\\((\\./attention|memory-\\d+/attention-\\d+)\\.so\\), \\d+ \\)";
    guint64 result;
    if (!g_str_has_prefix(words, "..."))
        log->stray_open = !matches(&compiled, object, words);
    return !log->judging || !log->stray_open || !get_success(words, &result);
}

static gboolean may_call(ValgrindLog *log, int number, const char *words)
{
    if (number == SCMP_SYS(mmap))
        return may_map(log, words);
    if (number == SCMP_SYS(openat))
        return may_open(log, words);
    /* A line with "..." says how a call has ended that was judged when it began. */
    if (!log->judging || is_harmless(number) || g_str_has_prefix(words, "..."))
        return TRUE;
    return (number == SCMP_SYS(mprotect) && may_protect(words)) ||
           (number == SCMP_SYS(munmap) && may_unmap(log, words));
}

/* The worker closes its copy of the log just before student code may run. */
static gboolean is_start(int number, const char *words)
{
    int fd;
    return number == SCMP_SYS(close) && sscanf(words, "sys_close ( %d )", &fd) == 1 &&
           fd == REPLAY_LOG_FD;
}

static void judge_call(ValgrindLog *log, int number, const char *words)
{
    if (is_start(number, words))
        log->judging = TRUE;
    log->forks += number == SCMP_SYS(clone) || number == SCMP_SYS(fork);
    if (may_call(log, number, words) || log->forbidden != NULL)
        return;
    char *name = seccomp_syscall_resolve_num_arch(SCMP_ARCH_NATIVE, number);
    log->forbidden = name != NULL ? g_strdup(name) : g_strdup_printf("number %d", number);
    free(name);
}

/* ---- lines ----------------------------------------------------------------------------------- */

/*
 * The process that writes this line. Most lines begin with ==PID==, --PID-- or SYSCALL[PID; the
 * others continue the last one.
 */
static gint64 speaker_of(const char *line, gint64 last)
{
    gint64 pid;
    if (sscanf(line, "SYSCALL[%" SCNd64, &pid) == 1 || sscanf(line, "==%" SCNd64, &pid) == 1 ||
        sscanf(line, "--%" SCNd64, &pid) == 1)
        return pid;
    return last;
}

/*
 * A complaint is a line about the first process that is not about a system call or a superblock. An
 * isolated test has another process, which may well end with a signal and take Valgrind with it.
 */
static gboolean is_complaint(const ValgrindLog *log, const char *line)
{
    if (line[strspn(line, " ")] == '\0' || log->speaker != log->pid)
        return FALSE;
    static GRegex *calls, *ends, *answers;
    static const char call[] =
        "^ *(==== SB |SYSCALL\\[|--> |\\[a?sync\\]|\\.\\.\\. \\[|[a-z]\\w* ?\\()";
    static const char end[] = "^--\\d+-- (Caught __NR_exit|__gnu_cxx::__freeres)|\\+0x[0-9a-f]+$";
    static const char answer[] = "^==\\d+== Handling new value --(trace|show)-";
    return !matches(&calls, call, line) && !matches(&ends, end, line) &&
           (log->judging || !matches(&answers, answer, line));
}

static void complain(ValgrindLog *log, const char *line)
{
    g_autofree char *valid = g_utf8_make_valid(line, -1);
    log->complaint = g_utf8_substring(valid, 0, MIN(g_utf8_strlen(valid, -1), COMPLAINT));
}

/* Take the superblocks of which the line tells. Returns TRUE if it begins with one. */
static gboolean take_superblocks(ValgrindLog *log, const char *line)
{
    static const char superblock[] = "==== SB ";
    for (const char *at = line; (at = strstr(at, superblock)) != NULL; at++)
        valgrind_jumps_take(&log->jumps, at, log->judging);
    return g_str_has_prefix(line, superblock);
}

/* Two processes may write parts of their lines at once, so that one line tells of two calls. */
static void end_line(ValgrindLog *log)
{
    static const char call[] = "SYSCALL[";
    const char *line = log->line->str;
    /* Most lines are about superblocks; with one process there is no other thing in them. */
    if (take_superblocks(log, line) && log->forks == 0) {
        g_string_truncate(log->line, 0);
        return;
    }
    log->speaker = speaker_of(line, log->speaker);
    if (log->pid == 0)
        log->pid = log->speaker;
    if (log->complaint == NULL && is_complaint(log, line))
        complain(log, line);
    for (const char *at = line; (at = strstr(at, call)) != NULL; at++) {
        int number, words = 0;
        if (sscanf(at, "SYSCALL[%*d,%*u](%d) %n", &number, &words) == 1 && words > 0)
            judge_call(log, number, at + words);
    }
    g_string_truncate(log->line, 0);
}

void valgrind_log_take(ValgrindLog *log, const char *bytes, gsize length)
{
    for (gsize i = 0; i < length; i++) {
        if (bytes[i] == '\n')
            end_line(log);
        else if (log->line->len < MAX_LINE && bytes[i] != '\0')
            g_string_append_c(log->line, bytes[i]);
    }
}
