/* proxy.c: attention.h by asking a worker; see proxy.h. */
#include "proxy.h"

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

#include "death.h"
#include "fail.h"
#include "wire.h"

/* A layer as the test holds it. The test sees the first member, the student's object is far away. */
typedef struct {
    SelfAttention layer;
    uint32_t handle;
} RemoteLayer;

/* The one conversation of this process: Criterion runs each test in a process of its own. */
static struct {
    int fd;     /* to the worker; -1 before the first call */
    int record; /* the calls of this test, for the replay under Valgrind */
    uint64_t nonce;
    uint32_t sequence;
    unsigned fail_at;   /* of the next call */
    unsigned allocated; /* by the last call */
    int wall_seconds;   /* for all replies to this test */
    long long deadline; /* on the monotonic clock, in milliseconds */
} proxy = {.fd = -1, .record = -1};

/* One call on its way. */
typedef struct {
    const char *function; /* for messages */
    WireHeader request;
    WireBuffer payload;
    WireHeader reply;
    unsigned char *answer;
    WireReader reader; /* over the answer */
} Call;

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

static int open_record(const char *suite, const char *test)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/%s.%s", setting("ATTENTION_RECORDS"), suite, test);
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
    strcpy(address.sun_path, path);
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

/*
 * The worker's first word, said before any code of the student could have said anything. Without
 * it the fault is ours; after it, whatever the worker says or does is the submission's.
 */
static void await_worker(void)
{
    WireHeader ready;
    struct pollfd fd = {.fd = proxy.fd, .events = POLLIN};
    if (poll(&fd, 1, proxy.wall_seconds * 1000) != 1 ||
        !wire_read_all(proxy.fd, &ready, sizeof ready) || ready.magic != WIRE_MAGIC ||
        ready.kind != WIRE_READY)
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
    proxy.record = open_record(suite, test);
    if (proxy.record < 0)
        broken("cannot record the calls");
    if (getrandom(&proxy.nonce, sizeof proxy.nonce, 0) != sizeof proxy.nonce)
        broken("no random number");
    proxy.fd = open_connection();
    if (proxy.fd < 0 || !wire_write_all(proxy.fd, &hello, sizeof hello))
        broken("cannot reach the grader");
    await_worker();
}

/* ---- one call -------------------------------------------------------------------------------- */

static Call call_begin(WireKind kind, const char *function)
{
    if (proxy.fd < 0)
        connect_worker();
    Call call = {.function = function};
    call.request = (WireHeader){.magic = WIRE_MAGIC,
                                .kind = (uint16_t)kind,
                                .sequence = ++proxy.sequence,
                                .nonce = proxy.nonce,
                                .fail_at = proxy.fail_at};
    proxy.fail_at = 0;
    return call;
}

static void record(const void *bytes, size_t length)
{
    if (!wire_write_all(proxy.record, bytes, length))
        broken("cannot record the calls");
}

/* Wait until there is something to read. The worker's own CPU limit normally comes first. */
static void await_reply(const Call *call)
{
    struct pollfd fd = {.fd = proxy.fd, .events = POLLIN};
    int ready;
    do {
        long long left = proxy.deadline - now_ms();
        ready = poll(&fd, 1, left > 0 ? (int)left : 0);
    } while (ready < 0 && errno == EINTR);
    if (ready == 0)
        fail_test("timeout", "does it wait for something that never comes?",
                  "%s did not return within %d s", call->function, proxy.wall_seconds);
}

static void fail_protocol(const Call *call, const char *why)
{
    fail_test("protocol",
              "return only what attention.h asks for; do not write to other descriptors",
              "%s: what came back is not an answer: %s", call->function, why);
}

static void receive(const Call *call, void *bytes, size_t length)
{
    char *at = bytes;
    while (length > 0) {
        await_reply(call);
        ssize_t got = read(proxy.fd, at, length);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            fail_protocol(call, "it ends too early");
        at += got;
        length -= (size_t)got;
    }
}

/*
 * The nursery's word that the worker is dead. The worker itself could have said it: so it always
 * fails the test, and never is a fault of ours, for which nobody loses points.
 */
static void fail_dead(const Call *call)
{
    int32_t wait_status;
    if (call->reply.length != sizeof wait_status)
        fail_protocol(call, "it is no word of the worker's death");
    receive(call, &wait_status, sizeof wait_status);
    Death death = death_describe(wait_status, getenv("ATTENTION_TEST_SECONDS"),
                                 getenv("ATTENTION_OUTPUT_KIB"));
    fail_test(death.failure, death.hint, "%s %s", call->function, death.what);
}

static void send_request(Call *call)
{
    struct pollfd early = {.fd = proxy.fd, .events = POLLIN};
    if (call->payload.failed)
        fail_test("broken", NULL, "%s: the request is too large", call->function);
    call->request.length = (uint32_t)call->payload.length;
    record(&call->request, sizeof call->request);
    record(call->payload.bytes, call->payload.length);
    /* Whatever waits here was sent without being asked: a death is told below, the rest is not
       an answer to this call and will be refused as such. */
    if (poll(&early, 1, 0) == 0) {
        /* A failing write means that the worker is dead; the reason is there to be read. */
        if (wire_write_all(proxy.fd, &call->request, sizeof call->request))
            wire_write_all(proxy.fd, call->payload.bytes, call->payload.length);
    }
    wire_buffer_release(&call->payload);
}

static void fail_status(const Call *call)
{
    switch ((WireStatus)call->reply.status) {
    case WIRE_NOT_DEFINED:
        fail_test("not_defined", "keep the names and parameters of attention.h",
                  "attention.c does not define %s", call->function);
    case WIRE_INVALID_RESULT:
        fail_test(
            "result",
            "return what tensor_create() made, or NULL; set it on every path, and do not free it",
            "%s returned something that is not a complete tensor", call->function);
    case WIRE_RESULT_IS_INPUT:
        fail_test("result", "return new tensors: the caller frees its inputs and your results",
                  "%s returned one of its inputs, or memory of one", call->function);
    case WIRE_RESULT_TWICE:
        fail_test("result", "output and weights are two tensors; the caller frees both",
                  "%s returned the same memory twice", call->function);
    case WIRE_OK:
    case WIRE_BAD_REQUEST:
    case WIRE_STATUSES:
        break;
    }
    fail_protocol(call, "it says that it was not asked properly");
}

static void call_perform(Call *call)
{
    send_request(call);
    receive(call, &call->reply, sizeof call->reply);
    if (call->reply.magic == WIRE_MAGIC && call->reply.kind == WIRE_DEATH)
        fail_dead(call);
    const char *refused = wire_refuse_reply(&call->reply, &call->request);
    if (refused != NULL)
        fail_protocol(call, refused);
    call->answer = malloc(call->reply.length + 1);
    if (call->answer == NULL)
        broken("no memory for a reply");
    receive(call, call->answer, call->reply.length);
    record(&call->reply, sizeof call->reply);
    record(call->answer, call->reply.length);
    proxy.allocated = call->reply.allocated;
    if (call->reply.status != WIRE_OK)
        fail_status(call);
    call->reader = wire_reader(call->answer, call->reply.length);
}

static void call_end(Call *call)
{
    if (!wire_finished(&call->reader))
        fail_protocol(call, "it is not of the right length");
    free(call->answer);
}

/* ---- tensors that go and come ---------------------------------------------------------------- */

/* One input of a call, under the name that attention.h gives it. */
typedef struct {
    const char *name;
    const Tensor *tensor;
} Input;

/* The number of the first input that is the same pointer as the i-th: i itself if none is. */
static unsigned first_of(const Input *inputs, unsigned i)
{
    for (unsigned k = 0; k < i; k++)
        if (inputs[k].tensor == inputs[i].tensor)
            return k;
    return i;
}

static void put_inputs(Call *call, const Input *inputs, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        unsigned first = first_of(inputs, i);
        if (inputs[i].tensor == NULL || first == i)
            wire_put_tensor(&call->payload, inputs[i].tensor);
        else
            wire_put_same(&call->payload, first);
    }
}

static Tensor *get_result(Call *call)
{
    return wire_get_tensor(&call->reader, NULL, 0);
}

static void fail_changed(const Call *call, const Input *input, const Tensor *now)
{
    const char *hint = "work on a copy: tensor_copy(), or a new tensor for what you compute";
    if (now == NULL || !tensor_same_shape(now, input->tensor))
        fail_test("input_changed", hint, "%s changed its input %s: its shape or its data pointer",
                  call->function, input->name);
    size_t i = 0;
    while (memcmp(&now->data[i], &input->tensor->data[i], sizeof(float)) == 0)
        i++;
    fail_test("input_changed", hint, "%s changed its input %s: element %zu was %g and is now %g",
              call->function, input->name, i, (double)input->tensor->data[i], (double)now->data[i]);
}

static void check_inputs(Call *call, const Input *inputs, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        Tensor *now = get_result(call);
        if (inputs[i].tensor == NULL || first_of(inputs, i) != i)
            continue;
        if (call->reader.failed)
            fail_protocol(call, "it has no complete inputs");
        if (now == NULL || !tensor_same_shape(now, inputs[i].tensor) ||
            memcmp(now->data, inputs[i].tensor->data, now->size * sizeof(float)) != 0)
            fail_changed(call, &inputs[i], now);
        tensor_free(now);
    }
}

static AttentionResult get_attention(Call *call, const Input *inputs, unsigned count)
{
    AttentionResult result = {0};
    call_perform(call);
    result.output = get_result(call);
    result.weights = get_result(call);
    check_inputs(call, inputs, count);
    call_end(call);
    if ((result.output == NULL) != (result.weights == NULL))
        fail_test("result", "return both tensors, or free what you have and return {NULL, NULL}",
                  "%s returned half a result: %s is NULL", call->function,
                  result.output == NULL ? "output" : "weights");
    return result;
}

/* ---- attention.h ----------------------------------------------------------------------------- */

AttentionResult scaled_dot_product_attention(const Tensor *Q, const Tensor *K, const Tensor *V,
                                             const Tensor *mask)
{
    const Input inputs[] = {{"Q", Q}, {"K", K}, {"V", V}, {"mask", mask}};
    Call call = call_begin(WIRE_ATTENTION, "scaled_dot_product_attention");
    put_inputs(&call, inputs, 4);
    return get_attention(&call, inputs, 4);
}

SelfAttention *self_attention_create(int d_model)
{
    Call call = call_begin(WIRE_SELF_CREATE, "self_attention_create");
    wire_put_i32(&call.payload, d_model);
    call_perform(&call);
    uint32_t handle = wire_get_u32(&call.reader);
    int stored = wire_get_i32(&call.reader);
    call_end(&call);
    if (handle == 0)
        return NULL;
    RemoteLayer *remote = malloc(sizeof *remote);
    if (remote == NULL)
        broken("no memory for a layer");
    *remote = (RemoteLayer){.layer = {.d_model = stored}, .handle = handle};
    return &remote->layer;
}

static uint32_t handle_of(const SelfAttention *attention)
{
    return attention != NULL ? ((const RemoteLayer *)attention)->handle : 0;
}

AttentionResult self_attention_forward(const SelfAttention *attention, const Tensor *x,
                                       const Tensor *mask)
{
    const Input inputs[] = {{"x", x}, {"mask", mask}};
    Call call = call_begin(WIRE_SELF_FORWARD, "self_attention_forward");
    wire_put_u32(&call.payload, handle_of(attention));
    put_inputs(&call, inputs, 2);
    return get_attention(&call, inputs, 2);
}

void self_attention_free(SelfAttention *attention)
{
    Call call = call_begin(WIRE_SELF_FREE, "self_attention_free");
    wire_put_u32(&call.payload, handle_of(attention));
    call_perform(&call);
    call_end(&call);
    free(attention);
}

static Tensor *get_mask(Call *call)
{
    call_perform(call);
    Tensor *mask = get_result(call);
    call_end(call);
    return mask;
}

Tensor *create_causal_mask(int seq_len)
{
    Call call = call_begin(WIRE_CAUSAL, "create_causal_mask");
    wire_put_i32(&call.payload, seq_len);
    return get_mask(&call);
}

Tensor *create_bidirectional_mask(int seq_len)
{
    Call call = call_begin(WIRE_BIDIRECTIONAL, "create_bidirectional_mask");
    wire_put_i32(&call.payload, seq_len);
    return get_mask(&call);
}

Tensor *create_padding_mask(const int *lengths, int batch_size, int max_length)
{
    Call call = call_begin(WIRE_PADDING, "create_padding_mask");
    uint32_t count = lengths != NULL && batch_size > 0 ? (uint32_t)batch_size : 0;
    wire_put_u32(&call.payload, lengths != NULL ? count + 1 : 0);
    for (uint32_t i = 0; i < count; i++)
        wire_put_i32(&call.payload, lengths[i]);
    wire_put_i32(&call.payload, batch_size);
    wire_put_i32(&call.payload, max_length);
    call_perform(&call);
    Tensor *mask = get_result(&call);
    for (uint32_t i = 0; i < count; i++) {
        int now = wire_get_i32(&call.reader);
        if (!call.reader.failed && now != lengths[i])
            fail_test("input_changed", "lengths belongs to the caller: only read it",
                      "%s changed its input lengths: lengths[%u] was %d and is now %d",
                      call.function, (unsigned)i, lengths[i], now);
    }
    call_end(&call);
    return mask;
}

/* ---- proxy.h --------------------------------------------------------------------------------- */

void proxy_fail_allocation(unsigned n)
{
    proxy.fail_at = n;
}

unsigned proxy_allocated(void)
{
    return proxy.allocated;
}
