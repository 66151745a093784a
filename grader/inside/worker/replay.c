/* replay.c: make logged calls again under Valgrind; see replay.h. */
#include "inside/worker/replay.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <link.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "inside/worker/calls.h"
#include "inside/worker/requests.h"

#define PAGE 4096

static ReplayScript script;
static const unsigned char *at, *end; /* in the script: what is left of it */
static unsigned running_kind;         /* of the call that is being made */

/* The copies of the student's object. Number `now` was loaded last, and has these variables. */
static struct {
    char **paths;
    int count, now;
    RequestVariables variables;
} objects;

/* Put a message into Valgrind's XML. */
__attribute__((format(printf, 1, 2))) static void tell(const char *format, ...)
{
    char text[100];
    int length = snprintf(text, sizeof text, "%016" PRIx64 " ", script.token);
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text + length, sizeof text - (size_t)length, format, arguments);
    va_end(arguments);
    request_say(text);
}

/* ---- the object ------------------------------------------------------------------------------ */

/* Find the variables of the loaded object: the writable segment, without what relro protects. */
static int find_writable(struct dl_phdr_info *info, size_t size, void *data)
{
    (void)size;
    const struct link_map *map = data;
    if (info->dlpi_addr != map->l_addr)
        return 0;
    uintptr_t start = 0, stop = 0, file_end = 0, protected_end = 0;
    for (int i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *header = &info->dlpi_phdr[i];
        uintptr_t from = info->dlpi_addr + header->p_vaddr, to = from + header->p_memsz;
        if (header->p_type == PT_LOAD && (header->p_flags & PF_W) != 0) {
            start = from;
            stop = to;
            file_end = from + header->p_filesz;
        } else if (header->p_type == PT_GNU_RELRO) {
            protected_end = to;
        }
    }
    start = protected_end > start ? protected_end : start;
    objects.variables.writable = (unsigned char *)start;
    objects.variables.size = stop > start ? stop - start : 0;
    objects.variables.initialised = file_end > start ? file_end - start : 0;
    return 1;
}

static bool load_object(int number)
{
    objects.now = number;
    objects.variables.size = objects.variables.initialised = 0;
    if (!calls_load(objects.paths[number]))
        return false;
    void *loaded = dlopen(objects.paths[number], RTLD_NOW | RTLD_NOLOAD);
    struct link_map *map;
    if (loaded == NULL || dlinfo(loaded, RTLD_DI_LINKMAP, &map) != 0)
        return false;
    dl_iterate_phdr(find_writable, map);
    free(objects.variables.fresh);
    objects.variables.fresh = malloc(objects.variables.initialised + 1);
    if (objects.variables.fresh == NULL)
        return false;
    memcpy(objects.variables.fresh, objects.variables.writable, objects.variables.initialised);
    return true;
}

/* What the variables point to stays reachable; Valgrind need not search the empty ones. */
static void retire_object(void)
{
    const RequestVariables *variables = &objects.variables;
    size_t from = -(uintptr_t)variables->writable % PAGE;
    while ((from = request_find_empty(variables, from)) + PAGE <= variables->size) {
        request_hide(variables->writable + from, PAGE);
        from += PAGE;
    }
}

/*
 * Each test was run by a worker of its own, with its variables as they were at the start. And
 * Valgrind shows an error only once for each place in the code. So after a test that changed a
 * variable or had an error, the next one gets a copy of the object, at other addresses. The old one
 * stays loaded: what its variables point to is not lost.
 */
static bool renew_object(bool had_errors)
{
    if (objects.now + 1 == objects.count)
        return true;
    if (!had_errors && !request_has_changed(&objects.variables))
        return true;
    retire_object();
    return load_object(objects.now + 1);
}

/* ---- one test -------------------------------------------------------------------------------- */

/*
 * Undefined elements are the student's error here. Code that manages to pass over this check has
 * its results sent all the same, by write(), which Valgrind does not let happen without a word.
 */
static void check_result(const Tensor *result)
{
    if (request_is_undefined(result->data, result->size * sizeof *result->data))
        tell("undefined %u", running_kind);
}

/* Copy the next `length` bytes of the script; false at its end. */
static bool take(void *to, size_t length)
{
    if ((size_t)(end - at) < length)
        return false;
    memcpy(to, at, length);
    at += length;
    return true;
}

/* Results that are not sent yet: each system call under Valgrind costs two lines of its log. */
static struct {
    unsigned char bytes[1 << 16];
    size_t length;
} outbox;

static bool send_results(void)
{
    bool sent = wire_write_all(REPLAY_RESULTS_FD, outbox.bytes, outbox.length);
    /* A pointer in there is not to save a block from being lost. */
    memset(outbox.bytes, 0, outbox.length);
    outbox.length = 0;
    return sent;
}

static bool put_result(const void *bytes, size_t length)
{
    if (length > sizeof outbox.bytes - outbox.length && !send_results())
        return false;
    if (length > sizeof outbox.bytes)
        return wire_write_all(REPLAY_RESULTS_FD, bytes, length);
    if (length > 0)
        memcpy(outbox.bytes + outbox.length, bytes, length);
    outbox.length += length;
    return true;
}

static bool run_call(ReplayResult where)
{
    WireHeader request;
    if (!take(&request, sizeof request) || (size_t)(end - at) < request.length)
        return false;
    WireHeader reply;
    WireBuffer answer = {0};
    running_kind = request.kind;
    calls_perform(&request, at, &reply, &answer);
    at += request.length;
    bool sent = !answer.failed && put_result(&where, sizeof where) &&
                put_result(&reply, sizeof reply) && put_result(answer.bytes, answer.length);
    wire_buffer_release(&answer);
    return sent;
}

/* Returns how many errors Valgrind counted for the leaks that it reported. */
static unsigned look_for(void (*leaks)(void), uint32_t calls)
{
    unsigned before = request_count_errors();
    leaks();
    tell("series %u", calls);
    return request_count_errors() - before;
}

static bool run_calls(const ReplayTest *test, unsigned *leaks)
{
    for (uint32_t call = 0; call < test->calls;) {
        if (!run_call((ReplayResult){.test = test->index, .call = call}))
            return false;
        call++;
        if (call == test->series[0])
            *leaks += look_for(request_find_leaks, call);
        else if (call == test->series[1])
            *leaks += look_for(request_find_changes, call);
    }
    return true;
}

/* True if every call of the test came back; *errors is what Valgrind counted. */
static bool run_test(const ReplayTest *test, unsigned *errors)
{
    tell("begin %u", test->index);
    unsigned before = request_count_errors(), leaks = 0;
    clock_t start = clock();
    srand(1); /* as in a new process */
    if (!run_calls(test, &leaks))
        return false;
    calls_forget();
    if (!send_results())
        return false;
    *errors = request_count_errors() - before - leaks;
    request_find_leaks();
    unsigned spent = (unsigned)((clock() - start) * 1000 / CLOCKS_PER_SEC);
    tell("end %u errors %u after %u", test->index, *errors, spent);
    return true;
}

/* Its errors are in the child's own document; here nothing has happened. */
static bool run_isolated(const ReplayTest *test)
{
    pid_t child = fork();
    if (child < 0) {
        fprintf(stderr, "worker: fork: %s\n", strerror(errno));
        return false;
    }
    if (child == 0) {
        unsigned errors;
        _exit(run_test(test, &errors) ? 0 : 1);
    }
    int status;
    while (waitpid(child, &status, 0) < 0)
        if (errno != EINTR)
            return false;
    return true;
}

/* The requests of a test that was run elsewhere. */
static bool skip_requests(uint32_t calls)
{
    WireHeader request;
    for (uint32_t call = 0; call < calls; call++) {
        if (!take(&request, sizeof request) || (size_t)(end - at) < request.length)
            return false;
        at += request.length;
    }
    return true;
}

static bool run_tests(void)
{
    for (uint32_t i = 0; i < script.tests; i++) {
        ReplayTest test;
        unsigned errors = 0;
        if (!take(&test, sizeof test))
            return false;
        if (test.isolated != 0) {
            if (!run_isolated(&test) || !skip_requests(test.calls))
                return false;
        } else if (!run_test(&test, &errors) || !renew_object(errors > 0)) {
            return false;
        }
    }
    return true;
}

/* ---- Valgrind's own library ------------------------------------------------------------------ */

/* Its functions find each other when they are first used; after that it writes nothing more. */
static void use_allocation(void)
{
    free(realloc(NULL, 1));
    free(realloc(malloc(1), 2));
    free(calloc(1, 1));
    free(valloc(1));
    free(aligned_alloc(sizeof(void *), sizeof(void *)));
    char word[] = "a";
    void *freed = realloc(malloc(1), 0); /* NOLINT: as it is meant here, this frees */
    if (freed != NULL || strcasecmp(word, "A") != 0)
        free(freed);
}

/*
 * Those that copy ask Valgrind for something if the areas overlap. What they do when they do not is
 * to be known before student code can run, see valgrind/jumps.h.
 */
static void copy(char *to, const char *from, size_t length)
{
    /* volatile: or gcc calls another one, or none. */
    static void *(*volatile const blocks[])(void *, const void *, size_t) = {memcpy, mempcpy};
    static char *(*volatile const parts[])(char *, const char *, size_t) = {strncpy, strncat};
    static char *(*volatile const texts[])(char *, const char *) = {strcpy, stpcpy, strcat};
    for (size_t i = 0; i < sizeof blocks / sizeof *blocks; i++)
        blocks[i](to, from, length);
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        *to = '\0';
        parts[i](to, from, length);
    }
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        *to = '\0';
        texts[i](to, from);
    }
}

/* All and a part of a text, more than there is, and nothing; up and down. */
static void use_copying(void)
{
    static const char *const texts[] = {"", "word"};
    static const size_t lengths[] = {0, 3, 5, 9};
    char low[20] = "", high[20] = "";
    for (size_t text = 0; text < sizeof texts / sizeof *texts; text++) {
        for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
            strcpy(low, texts[text]); /* NOLINT: there is room */
            copy(high, low, lengths[i]);
            strcpy(high, texts[text]); /* NOLINT */
            copy(low, high, lengths[i]);
        }
    }
}

static int seal_writable(struct dl_phdr_info *info, size_t size, void *data)
{
    (void)size;
    bool *sealed = data;
    uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
    for (int i = 0; strstr(info->dlpi_name, "/vgpreload_") != NULL && i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *header = &info->dlpi_phdr[i];
        if (header->p_type != PT_LOAD || (header->p_flags & PF_W) == 0)
            continue;
        uintptr_t from = (info->dlpi_addr + header->p_vaddr) & ~(page - 1);
        uintptr_t to = info->dlpi_addr + header->p_vaddr + header->p_memsz;
        *sealed = *sealed && mprotect((void *)from, to - from, PROT_READ) == 0;
    }
    return 0;
}

/* When student code calls exit(): before that library writes that it has ended. */
static void leave(int status, void *data)
{
    (void)data;
    _exit(status);
}

/*
 * Valgrind's malloc() lies in a library here, and looks up in its variables what to call in
 * Valgrind itself, unseen. Student code must not be able to change that.
 */
static bool seal_library(void)
{
    bool sealed = on_exit(leave, NULL) == 0;
    use_allocation();
    use_copying();
    dl_iterate_phdr(seal_writable, &sealed);
    return sealed;
}

/* Nor may it have its results left unchecked. */
static bool seal_settings(void)
{
    calls_settings.on_result = check_result;
    calls_settings.is_mapped = request_is_mapped;
    return mprotect(&calls_settings, sizeof calls_settings, PROT_READ) == 0;
}

/* ---- all of it ------------------------------------------------------------------------------- */

static void plant_controls(void)
{
    volatile char *volatile block = malloc(script.read_bytes);
    if (block == NULL)
        return;
    block[0] = block[script.read_bytes]; /* Valgrind leaves out a read whose value is not used */
    if (block[1] != 0)                   /* NOLINT: nobody has set it, and Valgrind must say so */
        block[1] = 0;
    free((void *)block);
    block = malloc(script.lost_bytes);
    /* cppcheck-suppress memleak ; the block is lost on purpose */
    block = NULL;
    request_find_leaks();
}

/* Mapped and not read into memory, so that Valgrind does not look for pointers in it. */
static bool open_script(const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    struct stat status;
    if (fd < 0 || fstat(fd, &status) != 0)
        return false;
    size_t size = (size_t)status.st_size;
    void *bytes = mmap(NULL, size, PROT_READ, MAP_PRIVATE, fd, 0);
    close(fd);
    if (bytes == MAP_FAILED)
        return false;
    at = bytes;
    end = at + size;
    return take(&script, sizeof script) && script.magic == REPLAY_MAGIC;
}

int replay_main(int argc, char **argv)
{
    if (argc < 3 || !open_script(argv[1])) {
        fprintf(stderr, "worker: cannot read the script of the replay\n");
        return 2;
    }
    objects.paths = argv + 2;
    objects.count = argc - 2;
    request_log_calls(); /* not before: what starts a program are hundreds of them */
    if (!load_object(0))
        return 2;
    request_log_code();
    if (!seal_library())
        return 2;
    static char buffer[BUFSIZ];
    setvbuf(stdout, buffer, _IOFBF,
            sizeof buffer); /* else libc allocates one in the student's name */
    if (!seal_settings())
        return 2;
    request_find_leaks(); /* what there is by now is none of the tests' */
    request_report_retained();
    tell("ready");
    close(REPLAY_XML_FD);
    close(REPLAY_LOG_FD);
    if (!run_tests())
        _exit(2);
    request_find_leaks(); /* what loading the objects left is none of the controls */
    tell("controls");
    plant_controls();
    tell("done");
    _exit(0);
}
