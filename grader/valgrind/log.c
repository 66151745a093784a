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
 * What the C library needs for what students may call, and the worker for its results and the tests
 * that need a process of their own. Nothing that moves memory about, and no signal handlers.
 */
static const char harmless[] =
    "clock_getres clock_gettime clone close exit exit_group fork fstat futex getcwd getpid "
    "getrandom gettid gettimeofday lseek newfstatat pread64 read restart_syscall rseq "
    "rt_sigprocmask sched_yield set_robust_list sysinfo tgkill time uname wait4 write writev";

void memory_log_init(MemoryLog *log, const char *worker)
{
    *log = (MemoryLog){.line = g_string_new(NULL)};
    memory_code_init(&log->code_run, worker);
}

void memory_log_clear(MemoryLog *log)
{
    if (log->line != NULL)
        g_string_free(log->line, TRUE);
    g_free(log->complaint);
    g_free(log->forbidden);
    memory_code_clear(&log->code_run);
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

/* The value after the arrow; FALSE if the call failed, or its result is on another line. */
static gboolean get_success(const char *words, guint64 *value)
{
    const char *result = strstr(words, "Success(0x");
    return result != NULL && sscanf(result, "Success(0x%" SCNx64 ")", value) == 1;
}

static gboolean is_in_room(const MemoryLog *log, guint64 address, guint64 length)
{
    guint64 page = (guint64)sysconf(_SC_PAGESIZE);
    return address >= log->base && address < log->end && length <= log->end - address + page;
}

/* As the loader maps an object: first room for all of it, then its segments in there. */
static gboolean may_map(MemoryLog *log, const char *words)
{
    guint64 address, protection, result;
    MemoryMapping map;
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
            log->code = map;
        return TRUE;
    }
    if ((protection & PROT_EXEC) != 0 &&
        (map.length != log->code.length || map.flags != log->code.flags ||
         map.offset != log->code.offset))
        return FALSE;
    return (map.flags & MAP_FIXED) == 0 ? address == 0 : is_in_room(log, address, map.length);
}

/* Where the room was larger than what had to be aligned in it. */
static gboolean may_unmap(const MemoryLog *log, const char *words)
{
    guint64 address, length;
    return sscanf(words, "sys_munmap ( 0x%" SCNx64 ", %" SCNu64, &address, &length) == 2 &&
           is_in_room(log, address, length);
}

/* What was relocated becomes unwritable. */
static gboolean may_protect(const char *words)
{
    guint64 protection;
    return sscanf(words, "sys_mprotect ( %*x, %*u, %" SCNu64, &protection) == 1 &&
           protection == PROT_READ;
}

/*
 * The object and its copies are opened; of everything else the C library may find that it is not
 * there, which the second line about the call says: "... [async] --> Failure(0x2)".
 */
static gboolean may_open(MemoryLog *log, const char *words)
{
    static GRegex *compiled;
    static const char object[] = "^sys_openat \\( -?\\d+, 0x[0-9a-f]+"
                                 "\\((\\./attention|memory-\\d+/attention-\\d+)\\.so\\), \\d+ \\)";
    guint64 result;
    if (!g_str_has_prefix(words, "..."))
        log->stray_open = !matches(&compiled, object, words);
    return !log->judging || !log->stray_open || !get_success(words, &result);
}

static gboolean may_call(MemoryLog *log, int number, const char *words)
{
    if (number == SCMP_SYS(mmap))
        return may_map(log, words);
    if (number == SCMP_SYS(openat))
        return may_open(log, words);
    /* "..." is how a call that was begun has ended. */
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

static void judge_call(MemoryLog *log, int number, const char *words)
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
 * Who says this? Most lines begin with ==PID==, --PID-- or SYSCALL[PID; others go on with what the
 * last one says.
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
 * What is said of an isolated test, whose process may well end with a signal and take Valgrind with
 * it, is no complaint; nor is a part of what is said about a call.
 */
static gboolean is_complaint(const MemoryLog *log, const char *line)
{
    if (line[strspn(line, " ")] == '\0' || log->speaker != log->pid)
        return FALSE;
    static GRegex *calls, *ends, *asked;
    static const char call[] =
        "^ *(==== SB |SYSCALL\\[|--> |\\[a?sync\\]|\\.\\.\\. \\[|[a-z]\\w* ?\\()";
    static const char end[] = "^--\\d+-- (Caught __NR_exit|__gnu_cxx::__freeres)|\\+0x[0-9a-f]+$";
    static const char told[] = "^==\\d+== Handling new value --(trace|show)-"; /* as asked */
    return !matches(&calls, call, line) && !matches(&ends, end, line) &&
           (log->judging || !matches(&asked, told, line));
}

static void complain(MemoryLog *log, const char *line)
{
    g_autofree char *valid = g_utf8_make_valid(line, -1);
    log->complaint = g_utf8_substring(valid, 0, MIN(g_utf8_strlen(valid, -1), COMPLAINT));
}

/* Does the line begin with one? */
static gboolean take_superblocks(MemoryLog *log, const char *line)
{
    static const char superblock[] = "==== SB ";
    for (const char *at = line; (at = strstr(at, superblock)) != NULL; at++)
        memory_code_take(&log->code_run, at, log->judging);
    return g_str_has_prefix(line, superblock);
}

/* Two processes may write at once, each its line in parts: so one line may tell of two calls. */
static void end_line(MemoryLog *log)
{
    static const char call[] = "SYSCALL[";
    const char *line = log->line->str;
    if (take_superblocks(log, line) && log->forks == 0) { /* most lines; nobody else has spoken */
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

void memory_log_take(gpointer data, const char *bytes, gsize length)
{
    MemoryLog *log = data;
    for (gsize i = 0; i < length; i++) {
        if (bytes[i] == '\n')
            end_line(log);
        else if (log->line->len < MAX_LINE && bytes[i] != '\0')
            g_string_append_c(log->line, bytes[i]);
    }
}
