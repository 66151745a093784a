/* session.c: make the logged calls of one test again; see session.h. */
#include "inside/worker/session.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "inside/worker/calls.h"
#include "inside/worker/requests.h"

/* Undefined elements are reported where the student can still see who returned them. */
static void check_result(const Tensor *result)
{
    (void)request_is_undefined(result->data, result->size * sizeof *result->data);
}

/* Read the next message of the log; NULL at its end. The caller frees it. */
static void *read_message(int log, WireHeader *header)
{
    if (!wire_read_all(log, header, sizeof *header) || header->length > WIRE_MAX_PAYLOAD)
        return NULL;
    void *payload = malloc(header->length + 1);
    if (payload != NULL && wire_read_all(log, payload, header->length))
        return payload;
    free(payload);
    return NULL;
}

static void make_call(const WireHeader *request, const void *payload)
{
    WireHeader reply;
    WireBuffer answer = {0};
    calls_perform(request, payload, &reply, &answer);
    wire_buffer_release(&answer);
}

/* Requests and replies take turns; a reply is passed over. */
static void make_calls(int log)
{
    WireHeader header;
    void *payload;
    for (unsigned i = 0; (payload = read_message(log, &header)) != NULL; i++) {
        if (i % 2 == 0)
            make_call(&header, payload);
        free(payload);
    }
    calls_forget();
}

/* The object is loaded and nothing of it has run: here gdb sets its breakpoints. */
__attribute__((noinline)) void session_ready(void)
{
    __asm__ volatile("");
}

int session_main(int argc, char **argv)
{
    int log = argc == 3 ? open(argv[1], O_RDONLY | O_CLOEXEC) : -1;
    if (log < 0) {
        fprintf(stderr, "worker: cannot read the call log: %s\n",
                argc == 3 ? strerror(errno) : "usage: worker session LOG OBJECT");
        return EXIT_FAILURE;
    }
    if (!calls_load(argv[2]))
        return EXIT_FAILURE;
    calls_settings.on_result = check_result;
    session_ready();
    make_calls(log);
    return EXIT_SUCCESS;
}
