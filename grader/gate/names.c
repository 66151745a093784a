#include "gate/names.h"

#include <dlfcn.h>
#include <gnu/lib-names.h>
#include <string.h>

#include "wire/api.h"

char *gate_plain_name(const char *symbol)
{
    static const char *const prefixes[] = {API_WRAP_PREFIX, "__isoc99_", "__isoc23_"};
    for (gsize i = 0; i < G_N_ELEMENTS(prefixes); i++)
        if (g_str_has_prefix(symbol, prefixes[i]))
            return g_strdup(symbol + strlen(prefixes[i]));
    gsize length = strlen(symbol), around = strlen("__") + strlen("_chk");
    if (length > around && g_str_has_prefix(symbol, "__") && g_str_has_suffix(symbol, "_chk"))
        return g_strndup(symbol + strlen("__"), length - around);
    return g_strdup(symbol);
}

gboolean gate_is_compilers_own(const char *symbol)
{
    static const char *const headers[] = {
        "__stack_chk_fail",    "__assert_fail",         "__errno_location",
        "__tls_get_addr",      "__ctype_b_loc",         "__ctype_tolower_loc",
        "__ctype_toupper_loc", "_GLOBAL_OFFSET_TABLE_", NULL};
    /* gcc makes these of struct copies, initialisers and pairs of calls. */
    static const char *const made[] = {"memcpy", "memmove", "memset",  "memcmp",  "strlen",
                                       "stpcpy", "sincos",  "sincosf", "sincosl", "exp10",
                                       "exp10f", "abort",   "putchar", "puts",    "fwrite",
                                       "fputc",  NULL};
    /* Macros of math.h. */
    static const char *const math[] = {
        "__fpclassify", "__fpclassifyf", "__fpclassifyl", "__isnan",    "__isnanf",
        "__isnanl",     "__isinf",       "__isinff",      "__isinfl",   "__finite",
        "__finitef",    "__finitel",     "__signbit",     "__signbitf", "__signbitl",
        "isnan",        "isnanf",        "isnanl",        "isinf",      "isinff",
        "isinfl",       "finite",        "finitef",       "finitel",    NULL};
    return api_has(headers, symbol) || api_has(made, symbol) || api_has(math, symbol);
}

gboolean gate_is_reserved(const char *name)
{
    static const char *const names[] = {"malloc",  "calloc", "realloc", "free",   "aligned_alloc",
                                        "strdup",  "memcpy", "memmove", "memset", "memcmp",
                                        "exit",    "_exit",  "abort",   "atexit", "printf",
                                        "fprintf", "puts",   NULL};
    static const char *const prefixes[] = {"__wrap_", "__real_", "__libc_", "criterion_"};
    for (gsize i = 0; i < G_N_ELEMENTS(prefixes); i++)
        if (g_str_has_prefix(name, prefixes[i]))
            return TRUE;
    return api_has(names, name) || api_has(api_tensor, name);
}

static gboolean is_in(const char *library, const char *name)
{
    void *handle = dlopen(library, RTLD_LAZY | RTLD_LOCAL);
    if (handle == NULL)
        return FALSE;
    gboolean found = dlsym(handle, name) != NULL;
    dlclose(handle);
    return found;
}

gboolean gate_is_in_libc(const char *name)
{
    /* These two are linked from an archive. */
    if (strcmp(name, "atexit") == 0 || strcmp(name, "at_quick_exit") == 0)
        return TRUE;
    return *name != '\0' && (is_in(LIBC_SO, name) || is_in(LIBM_SO, name));
}

/* Groups of functions that students reach for; the first that has the name. */
static const struct {
    const char *const *names;
    const char *advice;
} groups[] = {
    {(const char *const[]){"scanf", "fscanf", "getchar", "getc", "fgetc", "gets", "fgets", "stdin",
                           "getline", "read", "ungetc", NULL},
     "nobody types anything while it is graded: inputs come as arguments"},
    {(const char *const[]){"fopen",   "freopen", "fdopen", "open",   "openat",  "creat", "fclose",
                           "fread",   "remove",  "rename", "unlink", "tmpfile", "mkdir", "opendir",
                           "readdir", "stat",    "access", "write",  "close",   NULL},
     "student code works on tensors, not on files: inputs come as arguments, print to look at "
     "them"},
    {(const char *const[]){"system", "popen", "fork", "vfork", "clone", "execve", "execl", "execlp",
                           "execv", "execvp", "posix_spawn", "waitpid", "wait", "kill", "raise",
                           NULL},
     "student code starts and signals no programs: compute the result in C"},
    {(const char *const[]){"pthread_create", "pthread_join", "pthread_mutex_init",
                           "pthread_mutex_lock", "pthread_mutex_unlock", "pthread_mutex_destroy",
                           "thrd_create", "thrd_join", "mtx_lock", "mtx_unlock", "sem_wait", NULL},
     "one thread is enough for these sizes: use a loop"},
    {(const char *const[]){"socket", "connect", "send", "recv", "bind", "listen", NULL},
     "there is no network while it is graded"},
    {(const char *const[]){"dlopen", "dlsym", "mmap", "mprotect", "syscall", "ptrace", "brk",
                           "sbrk", "prctl", NULL},
     "use malloc() and free() for memory, and the C library for everything else"},
    {(const char *const[]){"signal", "sigaction", "alarm", NULL},
     "report an error by returning NULL; a signal is for the grader to see"},
    {(const char *const[]){"setjmp", "longjmp", "_setjmp", "siglongjmp", "__sigsetjmp", NULL},
     "look at what each call returns, goto one place that frees, and return NULL from there"},
    {(const char *const[]){"sleep", "usleep", "nanosleep", "pause", NULL},
     "remove it: waiting only uses up the time of the test"},
    {(const char *const[]){"setvbuf", "setbuf", "setlinebuf", NULL},
     "remove it: each line that is printed is shown, even if the code crashes after it"},
    {(const char *const[]){"clock_gettime", "gettimeofday", "timespec_get", "localtime", "ctime",
                           "strftime", NULL},
     "clock() and time() are there to measure with"},
    {(const char *const[]){"posix_memalign", "memalign", "valloc", "reallocarray", NULL},
     "use malloc(), calloc(), realloc() or aligned_alloc(); so too in place of _mm_malloc()"},
    {(const char *const[]){"strndup", NULL}, "use strdup(), or memcpy() into an array of your own"},
    {(const char *const[]){"malloc_usable_size", "malloc_trim", "malloc_stats", "mallinfo",
                           "mallinfo2", "mallopt", NULL},
     "remember the size that you asked malloc() for"},
    {(const char *const[]){"asprintf", "vasprintf", "open_memstream", NULL},
     "print into an array of your own with snprintf()"},
    {(const char *const[]){"dprintf", "vdprintf", "putw", "putwchar", "wprintf", "fwprintf",
                           "fputws", NULL},
     "print with printf(), puts() or fprintf(stderr, ...)"},
    {(const char *const[]){"getenv", "setenv", "environ", "secure_getenv", "__environ", "getpid",
                           "getppid", "gettid", "gethostname", "sysconf", "getpagesize",
                           "getrandom", NULL},
     "remove it: results may depend on the arguments only (to turn debug prints on and off, "
     "#define DEBUG)"},
    {(const char *const[]){"setlocale", "localeconv", "nl_langinfo", NULL},
     "remove it: numbers are printed as C prints them without it, too"},
    {(const char *const[]){"_exit", "_Exit", "quick_exit", "atexit", "at_quick_exit", "on_exit",
                           NULL},
     "report an error by returning NULL"},
};

const char *gate_advice(const char *name)
{
    for (gsize i = 0; i < G_N_ELEMENTS(groups); i++)
        if (api_has(groups[i].names, name))
            return groups[i].advice;
    return "use another one, or write the few lines yourself: rubric.yaml lists the functions that "
           "student code may use";
}
