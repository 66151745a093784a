/*
 * test_proxy.c: what the proxy does with a worker that lies.
 *
 * A thread plays the grader and the worker: it accepts the proxy's connection, reads the request,
 * and answers with the bytes of the test. The proxy's failure is caught instead of ending the test.
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <glib.h>
#include <glib/gstdio.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "attention.h"
#include "base/files.h"
#include "fail.h"
#include "inside/worker/fork_server.h"
#include "proxy/proxy.h"
#include "wire/wire.h"

/* ---- the failure that the proxy reports ------------------------------------------------------ */

static struct {
    jmp_buf escape;
    char failure[32];
    char message[512];
} caught;

void fail_test(const char *failure, const char *hint, const char *format, ...)
{
    (void)hint;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(caught.message, sizeof caught.message, format, arguments);
    va_end(arguments);
    g_strlcpy(caught.failure, failure, sizeof caught.failure);
    longjmp(caught.escape, 1);
}

void passed_check(void)
{
}

/* ---- a worker that says what it is told to --------------------------------------------------- */

/* Make the answer to a request: append whatever should be sent. */
typedef void (*Lie)(const WireHeader *request, GByteArray *answer);

typedef struct {
    int listening;
    Lie lie;
    guint calls;      /* to answer before hanging up */
    WireHeader first; /* word */
    gboolean urgent;  /* after it, a byte out of band */
    int stays[2];     /* a pipe: hang up when it is closed */
} Liar;

static void read_exactly(int fd, void *bytes, gsize length)
{
    cr_assert(wire_read_all(fd, bytes, length), "the proxy sends what it announces");
}

static gpointer tell_lies(gpointer data)
{
    const Liar *liar = data;
    int fd = accept(liar->listening, NULL, NULL);
    WireHello hello;
    read_exactly(fd, &hello, sizeof hello);
    wire_write_all(fd, &liar->first, sizeof liar->first);
    for (guint i = 0; i < liar->calls; i++) {
        WireHeader request;
        read_exactly(fd, &request, sizeof request);
        g_autofree char *payload = g_malloc(request.length + 1);
        read_exactly(fd, payload, request.length);
        g_autoptr(GByteArray) answer = g_byte_array_new();
        liar->lie(&request, answer);
        wire_write_all(fd, answer->data, answer->len);
    }
    if (liar->urgent)
        send(fd, "!", 1, MSG_OOB);
    char end;
    while (read(liar->stays[0], &end, 1) > 0)
        continue;
    close(fd);
    return NULL;
}

static char *folder;

static int listen_at(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    g_strlcpy(address.sun_path, path, sizeof address.sun_path);
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    cr_assert(bind(fd, (struct sockaddr *)&address, sizeof address) == 0, "bind");
    cr_assert(listen(fd, 1) == 0, "listen");
    return fd;
}

/* Let the liar listen, where the proxy will look for it. */
static GThread *start(Liar *liar, const char *wall_seconds)
{
    folder = files_scratch_new(NULL);
    g_autofree char *path = g_build_filename(folder, "socket", NULL);
    liar->listening = listen_at(path);
    liar->first.magic = WIRE_MAGIC;
    g_setenv("ATTENTION_SOCKET", path, TRUE);
    g_setenv("ATTENTION_CALL_LOGS", folder, TRUE);
    g_setenv("ATTENTION_WALL_SECONDS", wall_seconds, TRUE);
    return g_thread_new("liar", tell_lies, liar);
}

static void finish(const Liar *liar, GThread *thread)
{
    g_thread_join(thread);
    close(liar->listening);
    files_scratch_free(folder);
}

/* Call create_causal_mask(2) `calls` times, of which one is answered; the last one must fail. */
static void expect_failure(Lie lie, guint calls, const char *failure, const char *message)
{
    Liar liar = {.lie = lie, .calls = 1, .stays = {-1, -1}, .first.kind = WIRE_READY};
    GThread *thread = start(&liar, "60");
    if (setjmp(caught.escape) == 0) {
        for (volatile guint i = 0; i < calls; i = i + 1)
            tensor_free(create_causal_mask(2));
        cr_fail("the proxy believed it");
    }
    finish(&liar, thread);
    cr_expect_str_eq(caught.failure, failure, "failure is '%s': %s", caught.failure,
                     caught.message);
    cr_expect(strstr(caught.message, message) != NULL, "message is: %s", caught.message);
}

/* The first word is not a worker's. */
static void expect_no_worker(guint word, const char *failure)
{
    Liar liar = {.stays = {-1, -1}, .first.kind = word};
    GThread *thread = start(&liar, "60");
    if (setjmp(caught.escape) == 0) {
        tensor_free(create_causal_mask(2));
        cr_fail("the proxy got a worker");
    }
    finish(&liar, thread);
    cr_expect_str_eq(caught.failure, failure, "failure is '%s': %s", caught.failure,
                     caught.message);
}

/* Call with Q of so many elements a worker that reads nothing, answers nothing and stays. */
static void expect_end_of_wait(gboolean urgent, int elements, const char *wall_seconds,
                               const char *failure)
{
    Tensor *Q = tensor_create(2, (int[]){1, elements});
    int stays[2];
    cr_assert(pipe(stays) == 0 && Q != NULL);
    Liar liar = {.first.kind = WIRE_READY, .urgent = urgent, .stays = {stays[0], stays[1]}};
    GThread *thread = start(&liar, wall_seconds);
    if (setjmp(caught.escape) == 0) {
        scaled_dot_product_attention(Q, NULL, NULL, NULL);
        cr_fail("the proxy got an answer");
    }
    close(stays[1]);
    finish(&liar, thread);
    cr_expect_str_eq(caught.failure, failure, "failure is '%s': %s", caught.failure,
                     caught.message);
    tensor_free(Q);
}

/* ---- honest replies, to be spoiled ----------------------------------------------------------- */

static void put_reply(const WireHeader *request, const WireBuffer *payload, GByteArray *answer)
{
    WireHeader reply = *request;
    reply.length = (uint32_t)payload->length;
    reply.allocated = 2; /* blocks of a tensor */
    g_byte_array_append(answer, (const guint8 *)&reply, sizeof reply);
    g_byte_array_append(answer, payload->bytes, (guint)payload->length);
}

static void put_mask(WireBuffer *payload)
{
    Tensor *mask = tensor_create(2, (int[]){2, 2});
    tensor_fill(mask, 1);
    wire_put_tensor(payload, mask);
    tensor_free(mask);
}

static void truth(const WireHeader *request, GByteArray *answer)
{
    WireBuffer payload = {0};
    put_mask(&payload);
    put_reply(request, &payload, answer);
    wire_buffer_release(&payload);
}

static WireHeader *header_of(GByteArray *answer)
{
    return (WireHeader *)(void *)answer->data;
}

Test(proxy, believes_an_honest_worker)
{
    Liar liar = {.lie = truth, .calls = 2, .stays = {-1, -1}, .first.kind = WIRE_READY};
    GThread *thread = start(&liar, "60");
    for (int i = 0; i < 2; i++) {
        Tensor *mask = create_causal_mask(2);
        cr_assert_not_null(mask, "a mask");
        cr_expect(mask->ndim == 2 && mask->size == 4 && mask->data[3] == 1, "as it was sent");
        tensor_free(mask);
    }
    finish(&liar, thread);
}

/* ---- lies ------------------------------------------------------------------------------------ */

static void say_nothing(const WireHeader *request, GByteArray *answer)
{
    (void)request;
    (void)answer;
}

Test(proxy, refuses_silence)
{
    expect_failure(say_nothing, 1, "protocol", "too early");
}

static void say_what_was_there_before(const WireHeader *request, GByteArray *answer)
{
    truth(request, answer);
    header_of(answer)->allocated = 1;
}

Test(proxy, refuses_a_result_that_the_call_did_not_allocate)
{
    expect_failure(say_what_was_there_before, 1, "result", "did not allocate");
}

/* What the worker was told would not leave memory for a mask. */
Test(proxy, refuses_a_result_for_which_there_was_no_memory)
{
    proxy_fail_allocation(2, true);
    expect_failure(truth, 1, "result", "though there was no memory for it");
}

static void say_half_a_header(const WireHeader *request, GByteArray *answer)
{
    truth(request, answer);
    g_byte_array_set_size(answer, sizeof(WireHeader) / 2);
}

Test(proxy, refuses_half_a_header)
{
    expect_failure(say_half_a_header, 1, "protocol", "too early");
}

static void say_too_little(const WireHeader *request, GByteArray *answer)
{
    truth(request, answer);
    g_byte_array_set_size(answer, answer->len - 1);
}

Test(proxy, refuses_a_payload_that_is_cut)
{
    expect_failure(say_too_little, 1, "protocol", "too early");
}

static void say_a_byte_more_inside(const WireHeader *request, GByteArray *answer)
{
    truth(request, answer);
    g_byte_array_append(answer, (const guint8 *)"x", 1);
    header_of(answer)->length++;
}

Test(proxy, refuses_a_longer_payload)
{
    expect_failure(say_a_byte_more_inside, 1, "protocol", "right length");
}

static void say_it_twice(const WireHeader *request, GByteArray *answer)
{
    truth(request, answer);
    truth(request, answer);
}

Test(proxy, refuses_an_extra_reply)
{
    expect_failure(say_it_twice, 2, "protocol", "another call");
}

static void announce_gigabytes(const WireHeader *request, GByteArray *answer)
{
    truth(request, answer);
    header_of(answer)->length = UINT32_MAX;
}

Test(proxy, refuses_a_huge_length)
{
    expect_failure(announce_gigabytes, 1, "protocol", "too long");
}

static void answer_another_function(const WireHeader *request, GByteArray *answer)
{
    truth(request, answer);
    header_of(answer)->kind = API_create_padding_mask;
}

Test(proxy, refuses_another_function)
{
    expect_failure(answer_another_function, 1, "protocol", "another function");
}

static void answer_another_call(const WireHeader *request, GByteArray *answer)
{
    truth(request, answer);
    header_of(answer)->sequence--;
}

Test(proxy, refuses_another_call)
{
    expect_failure(answer_another_call, 1, "protocol", "another call");
}

static void forget_the_nonce(const WireHeader *request, GByteArray *answer)
{
    truth(request, answer);
    header_of(answer)->nonce ^= 1;
}

Test(proxy, refuses_a_wrong_nonce)
{
    expect_failure(forget_the_nonce, 1, "protocol", "not of this worker");
}

static void invent_a_status(const WireHeader *request, GByteArray *answer)
{
    truth(request, answer);
    header_of(answer)->status = WIRE_STATUSES;
}

Test(proxy, refuses_an_unknown_status)
{
    expect_failure(invent_a_status, 1, "protocol", "status");
}

static void print_text(const WireHeader *request, GByteArray *answer)
{
    (void)request;
    const char *text = "PASS 30/30 PASS 30/30 PASS 30/30 PASS 30/30";
    g_byte_array_append(answer, (const guint8 *)text, (guint)strlen(text));
}

Test(proxy, refuses_text)
{
    expect_failure(print_text, 1, "protocol", "does not begin as a reply");
}

/* A tensor of these axes, with room for four elements only. */
static void say_shape(const WireHeader *request, GByteArray *answer, guint8 ndim,
                      const gint32 *shape)
{
    WireBuffer payload = {0};
    const float elements[4] = {1, 1, 1, 1};
    wire_put(&payload, (const guint8[]){WIRE_TENSOR, ndim}, 2);
    for (guint i = 0; i < ndim; i++)
        wire_put_i32(&payload, shape[i]);
    wire_put(&payload, elements, sizeof elements);
    put_reply(request, &payload, answer);
    wire_buffer_release(&payload);
}

static void say_negative_shape(const WireHeader *request, GByteArray *answer)
{
    say_shape(request, answer, 2, (const gint32[]){-2, -2});
}

static void say_overflowing_shape(const WireHeader *request, GByteArray *answer)
{
    say_shape(request, answer, 4, (const gint32[]){65536, 65536, 65536, 65536});
}

static void say_five_axes(const WireHeader *request, GByteArray *answer)
{
    say_shape(request, answer, 5, (const gint32[]){1, 1, 1, 2, 2});
}

static void say_no_axes(const WireHeader *request, GByteArray *answer)
{
    say_shape(request, answer, 0, NULL);
}

static void say_same_as_another(const WireHeader *request, GByteArray *answer)
{
    WireBuffer payload = {0};
    wire_put_same(&payload, 0);
    put_reply(request, &payload, answer);
    wire_buffer_release(&payload);
}

Test(proxy, refuses_negative_sizes)
{
    expect_failure(say_negative_shape, 1, "protocol", "right length");
}

Test(proxy, refuses_sizes_that_overflow)
{
    expect_failure(say_overflowing_shape, 1, "protocol", "right length");
}

Test(proxy, refuses_five_axes)
{
    expect_failure(say_five_axes, 1, "protocol", "right length");
}

Test(proxy, refuses_no_axes)
{
    expect_failure(say_no_axes, 1, "protocol", "right length");
}

Test(proxy, refuses_a_reference_in_a_reply)
{
    expect_failure(say_same_as_another, 1, "protocol", "right length");
}

/* ---- what the call left of its inputs -------------------------------------------------------- */

/* Expect that a mask of a batch of two, of which these are the lengths or NULL, is not believed. */
static void expect_padding_failure(Lie lie, const int *lengths, const char *failure,
                                   const char *message)
{
    Liar liar = {.lie = lie, .calls = 1, .stays = {-1, -1}, .first.kind = WIRE_READY};
    GThread *thread = start(&liar, "60");
    if (setjmp(caught.escape) == 0) {
        tensor_free(create_padding_mask(lengths, 2, 2));
        cr_fail("the proxy believed it");
    }
    finish(&liar, thread);
    cr_expect_str_eq(caught.failure, failure, "failure is '%s'", caught.failure);
    cr_expect(strstr(caught.message, message) != NULL, "message is: %s", caught.message);
}

static void put_padding_reply(const WireHeader *request, GByteArray *answer, const int *lengths,
                              guint count)
{
    WireBuffer payload = {0};
    put_mask(&payload);
    wire_put_lengths(&payload, lengths, count);
    put_reply(request, &payload, answer);
    wire_buffer_release(&payload);
}

static void leave_other_lengths(const WireHeader *request, GByteArray *answer)
{
    put_padding_reply(request, answer, (const int[]){1, 7}, 2);
}

static void leave_more_lengths(const WireHeader *request, GByteArray *answer)
{
    put_padding_reply(request, answer, (const int[]){1, 2, 3}, 3);
}

Test(proxy, refuses_lengths_that_were_changed)
{
    expect_padding_failure(leave_other_lengths, (const int[]){1, 2}, "input_changed",
                           "lengths[1] was 2 and is now 7");
}

Test(proxy, refuses_more_lengths_than_were_sent)
{
    expect_padding_failure(leave_more_lengths, (const int[]){1, 2}, "protocol", "right length");
}

Test(proxy, refuses_lengths_where_none_were_sent)
{
    expect_padding_failure(leave_more_lengths, NULL, "protocol", "right length");
}

static void announce_endless_lengths(const WireHeader *request, GByteArray *answer)
{
    leave_other_lengths(request, answer);
    guint32 many = G_MAXUINT32;
    memcpy(answer->data + answer->len - 3 * sizeof many, &many, sizeof many);
}

Test(proxy, refuses_more_lengths_than_there_are_bytes)
{
    expect_padding_failure(announce_endless_lengths, (const int[]){1, 2}, "protocol",
                           "right length");
}

static void leave_a_tensor(const WireHeader *request, GByteArray *answer)
{
    WireBuffer payload = {0};
    for (guint i = 0; i < 6; i++)
        put_mask(&payload);
    put_reply(request, &payload, answer);
    header_of(answer)->allocated = 4;
    wire_buffer_release(&payload);
}

Test(proxy, refuses_an_input_that_was_not_sent)
{
    Liar liar = {.lie = leave_a_tensor, .calls = 1, .stays = {-1, -1}, .first.kind = WIRE_READY};
    GThread *thread = start(&liar, "60");
    if (setjmp(caught.escape) == 0) {
        scaled_dot_product_attention(NULL, NULL, NULL, NULL);
        cr_fail("the proxy believed it");
    }
    finish(&liar, thread);
    cr_expect_str_eq(caught.failure, "protocol", "failure is '%s'", caught.failure);
    cr_expect(strstr(caught.message, "was not sent") != NULL, "message is: %s", caught.message);
}

/* ---- the fork server's word ------------------------------------------------------------------ */

static void announce_death(GByteArray *answer, gint32 wait_status)
{
    const WireHeader death = {.magic = WIRE_MAGIC, .kind = WIRE_DEATH, .length = sizeof(gint32)};
    g_byte_array_append(answer, (const guint8 *)&death, sizeof death);
    g_byte_array_append(answer, (const guint8 *)&wait_status, sizeof wait_status);
}

static void announce_exit(const WireHeader *request, GByteArray *answer)
{
    (void)request;
    announce_death(answer, 0);
}

Test(proxy, tells_of_exit)
{
    expect_failure(announce_exit, 1, "exit", "create_causal_mask called exit(0)");
}

static void announce_no_memory(const WireHeader *request, GByteArray *answer)
{
    (void)request;
    announce_death(answer, W_EXITCODE(WIRE_EXIT_NO_MEMORY, 0));
}

Test(proxy, tells_of_memory_that_is_used_up)
{
    expect_failure(announce_no_memory, 1, "crash", "create_causal_mask left no memory");
}

/* ---- what would be a fault of the kit, and then never costs a point ------------------------------ */

static void ask_for_another_request(const WireHeader *request, GByteArray *answer)
{
    truth(request, answer);
    header_of(answer)->status = WIRE_BAD_REQUEST;
}

Test(proxy, does_not_take_the_blame_for_a_bad_request)
{
    expect_failure(ask_for_another_request, 1, "protocol", "not asked properly");
}

static void announce_half_a_death(const WireHeader *request, GByteArray *answer)
{
    announce_exit(request, answer);
    header_of(answer)->length = 0;
}

Test(proxy, does_not_take_the_blame_for_a_death_without_a_status)
{
    expect_failure(announce_half_a_death, 1, "protocol", "no word of the worker's death");
}

static void announce_no_worker(const WireHeader *request, GByteArray *answer)
{
    (void)request;
    announce_death(answer, W_EXITCODE(WORKER_BROKEN, 0));
}

Test(proxy, does_not_take_the_blame_for_an_exit_status)
{
    expect_failure(announce_no_worker, 1, "exit", "called exit(125)");
}

static void announce_nonsense(const WireHeader *request, GByteArray *answer)
{
    (void)request;
    announce_death(answer, 0xffff);
}

Test(proxy, does_not_take_the_blame_for_a_strange_status)
{
    expect_failure(announce_nonsense, 1, "crash", "ended with status");
}

Test(proxy, blames_the_kit_if_there_is_no_worker)
{
    expect_no_worker(WIRE_DEATH, "broken");
}

Test(proxy, is_late_if_there_is_no_worker_any_more)
{
    expect_no_worker(WIRE_NO_MORE, "timeout");
}

/* What waits for ever is killed with all other tests, and then nothing is graded. */
Test(proxy, does_not_wait_for_a_worker_that_does_not_read)
{
    expect_end_of_wait(FALSE, 1 << 19, "1", "timeout");
}

Test(proxy, does_not_wait_for_what_is_out_of_band)
{
    int pair[2];
    cr_assert(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
    if (send(pair[0], "!", 1, MSG_OOB) < 0)
        cr_skip_test("this kernel has nothing out of band");
    expect_end_of_wait(TRUE, 1, "60", "protocol");
}
