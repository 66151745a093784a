/* call.c: the connection to the worker, and what goes over it; see call.h. */
#include "proxy/call.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include <criterion/criterion.h>

#include "fail.h"
#include "proxy/death.h"
#include "proxy/proxy.h"
#include "wire/reply.h"

/* The one conversation of this process: Criterion runs each test in a process of its own. */
static struct {
    int fd;  /* to the worker; -1 before the first call */
    int log; /* of the calls of this test, for the replay under Valgrind */
    uint64_t nonce;
    uint32_t sequence;
    unsigned fail_at;   /* of the next call */
    unsigned allocated; /* by the last call */
    int wall_seconds;   /* for all replies to this test */
    long long deadline; /* on the monotonic clock, in milliseconds */
} proxy = {.fd = -1, .log = -1};

/* ---- the connection -------------------------------------------------------------------------- */

static void broken(const char *what)
{
    fail_test("broken", NULL, "%s: %s", what, strerror(errno));
}

static const char *setting(const char *name)
{
    const char *value = getenv(name);
    if (value == NULL)
        fail_test("broken", NULL, "%s is not set: start the tests with the grader", name);
    return value;
}

static int open_log(const char *suite, const char *test)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/%s.%s", setting("ATTENTION_CALL_LOGS"), suite, test);
    return open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
}

static int open_connection(void)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    const char *path = setting("ATTENTION_SOCKET");
    if (strlen(path) >= sizeof address.sun_path) {
        errno = ENAMETOOLONG;
        return -1;
    }
    memcpy(address.sun_path, path, strlen(path) + 1);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof address) < 0) {
        close(fd);
        return -1;
    }
    return fd;
}

static long long now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000LL + now.tv_nsec / 1000000;
}

#define HINT_WAIT "does it wait for something that never comes?"

/*
 * The worker's first word, said before any code of the student could have said anything. Without
 * it the fault is ours; after it, whatever the worker says or does is the submission's.
 */
static void await_worker(void)
{
    WireHeader ready;
    struct pollfd fd = {.fd = proxy.fd, .events = POLLIN};
    if (poll(&fd, 1, proxy.wall_seconds * 1000) != 1 ||
        !wire_read_all(proxy.fd, &ready, sizeof ready) || ready.magic != WIRE_MAGIC)
        ready.kind = 0;
    if (ready.kind == WIRE_NO_MORE)
        fail_test("timeout", HINT_WAIT,
                  "not run: too many tests before it did not return within %d s",
                  proxy.wall_seconds);
    if (ready.kind != WIRE_READY)
        fail_test("broken", NULL, "no worker could be set up for this test");
}

static void connect_worker(void)
{
    const char *suite = criterion_current_test->category;
    const char *test = criterion_current_test->name;
    WireHello hello = {0};
    snprintf(hello.suite, sizeof hello.suite, "%s", suite);
    snprintf(hello.test, sizeof hello.test, "%s", test);
    signal(SIGPIPE, SIG_IGN);
    proxy.wall_seconds = atoi(setting("ATTENTION_WALL_SECONDS"));
    proxy.deadline = now_ms() + proxy.wall_seconds * 1000LL;
    proxy.log = open_log(suite, test);
    if (proxy.log < 0)
        broken("cannot log the calls");
    if (getrandom(&proxy.nonce, sizeof proxy.nonce, 0) != sizeof proxy.nonce)
        broken("no random number");
    proxy.fd = open_connection();
    if (proxy.fd < 0 || !wire_write_all(proxy.fd, &hello, sizeof hello))
        broken("cannot reach the grader");
    await_worker();
    /* From now on poll() alone waits: it knows the deadline. */
    if (fcntl(proxy.fd, F_SETFL, O_NONBLOCK) < 0)
        broken("cannot set up the connection");
}

/* ---- one call -------------------------------------------------------------------------------- */

Call call_begin(unsigned number, const ApiValue *values)
{
    if (proxy.fd < 0)
        connect_worker();
    Call call = {.function = api_function(number), .values = values};
    call.request = (WireHeader){.magic = WIRE_MAGIC,
                                .kind = (uint16_t)number,
                                .sequence = ++proxy.sequence,
                                .nonce = proxy.nonce,
                                .fail_at = proxy.fail_at};
    proxy.fail_at = 0;
    return call;
}

static bool logging_stopped;

void proxy_stop_logging(void)
{
    logging_stopped = true;
}

static void log_bytes(const void *bytes, size_t length)
{
    if (!logging_stopped && !wire_write_all(proxy.log, bytes, length))
        broken("cannot log the calls");
}

/*
 * Wait until there is something to read, or room to write. The worker's own CPU limit normally
 * comes first.
 */
static void await(const Call *call, short events)
{
    struct pollfd fd = {.fd = proxy.fd, .events = events};
    int ready;
    do {
        long long left = proxy.deadline - now_ms();
        ready = poll(&fd, 1, left > 0 ? (int)left : 0);
    } while (ready < 0 && errno == EINTR);
    if (ready == 0)
        fail_test("timeout", HINT_WAIT, "%s did not return within %d s", call->function->name,
                  proxy.wall_seconds);
}

void call_fail_protocol(const Call *call, const char *why)
{
    fail_test("protocol",
              "return only what attention.h asks for; do not write to other descriptors",
              "%s: what came back is not an answer: %s", call->function->name, why);
}

static void receive(const Call *call, void *bytes, size_t length)
{
    char *at = bytes;
    while (length > 0) {
        await(call, POLLIN);
        ssize_t got = read(proxy.fd, at, length);
        if (got < 0 && errno == EINTR)
            continue;
        /* Also what poll() announces and read() does not give, as a byte that is out of band. */
        if (got <= 0)
            call_fail_protocol(call, "it ends too early");
        at += got;
        length -= (size_t)got;
    }
}

/* A failing write means that the worker is dead; the reason is there to be read. */
static void transmit(const Call *call, const void *bytes, size_t length)
{
    const char *at = bytes;
    while (length > 0) {
        await(call, POLLOUT);
        ssize_t sent = write(proxy.fd, at, length);
        if (sent < 0 && errno != EINTR && errno != EAGAIN)
            return;
        at += sent > 0 ? sent : 0;
        length -= sent > 0 ? (size_t)sent : 0;
    }
}

/*
 * The fork server's word that the worker is dead. The worker itself could have said it: so it
 * always fails the test, and never is a fault of ours, for which nobody loses points.
 */
static void fail_dead(const Call *call)
{
    int32_t wait_status;
    if (call->reply.length != sizeof wait_status)
        call_fail_protocol(call, "it is no word of the worker's death");
    receive(call, &wait_status, sizeof wait_status);
    Death death = death_describe(wait_status, getenv("ATTENTION_TEST_SECONDS"),
                                 getenv("ATTENTION_OUTPUT_KIB"));
    fail_test(death.failure, death.hint, "%s %s", call->function->name, death.what);
}

static void send_request(Call *call)
{
    struct pollfd early = {.fd = proxy.fd, .events = POLLIN};
    if (call->payload.failed)
        fail_test("broken", NULL, "%s: the request is too large", call->function->name);
    call->request.length = (uint32_t)call->payload.length;
    log_bytes(&call->request, sizeof call->request);
    log_bytes(call->payload.bytes, call->payload.length);
    /* Whatever waits here was sent without being asked: a death is reported below, the rest is not
       an answer to this call and will be refused as such. */
    if (poll(&early, 1, 0) == 0) {
        transmit(call, &call->request, sizeof call->request);
        transmit(call, call->payload.bytes, call->payload.length);
    }
    wire_buffer_release(&call->payload);
}

static void fail_status(const Call *call)
{
    switch ((WireStatus)call->reply.status) {
    case WIRE_NOT_DEFINED:
        fail_test("not_defined", "keep the names and parameters of attention.h",
                  "attention.c does not define %s", call->function->name);
    case WIRE_INVALID_RESULT:
        fail_test(
            "result",
            "return what tensor_create() made, or NULL; set it on every path, and do not free it",
            "%s returned something that is not a complete tensor", call->function->name);
    case WIRE_RESULT_IS_INPUT:
        fail_test("result", "return new tensors: the caller frees its inputs and your results",
                  "%s returned one of its inputs, or memory of one", call->function->name);
    case WIRE_RESULT_TWICE:
        fail_test("result", "output and weights are two tensors; the caller frees both",
                  "%s returned the same memory twice", call->function->name);
    case WIRE_OK:
    case WIRE_BAD_REQUEST:
    case WIRE_STATUSES:
        break;
    }
    call_fail_protocol(call, "it says that it was not asked properly");
}

void call_perform(Call *call)
{
    send_request(call);
    receive(call, &call->reply, sizeof call->reply);
    if (call->reply.magic == WIRE_MAGIC && call->reply.kind == WIRE_DEATH)
        fail_dead(call);
    const char *refused = reply_refuse(&call->reply, &call->request);
    if (refused != NULL)
        call_fail_protocol(call, refused);
    call->answer = malloc(call->reply.length + 1);
    if (call->answer == NULL)
        broken("no memory for a reply");
    receive(call, call->answer, call->reply.length);
    log_bytes(&call->reply, sizeof call->reply);
    log_bytes(call->answer, call->reply.length);
    proxy.allocated = call->reply.allocated;
    if (call->reply.status != WIRE_OK)
        fail_status(call);
    call->reader = wire_reader(call->answer, call->reply.length);
}

void call_end(Call *call)
{
    if (!wire_finished(&call->reader))
        call_fail_protocol(call, "it is not of the right length");
    free(call->answer);
}

/* ---- proxy.h --------------------------------------------------------------------------------- */

void proxy_fail_allocation(unsigned n, bool rest)
{
    proxy.fail_at = n | (rest ? WIRE_FAIL_REST : 0);
}

unsigned proxy_allocated(void)
{
    return proxy.allocated;
}
