/*
 * fuzz_reply.c: whatever a worker sends, the proxy either takes a well-formed answer or fails the
 * test. The input is the worker's side of the conversation; its first byte chooses the function.
 */
#include "proxy/call.c"

#include "proxy/functions.c"

#include <setjmp.h>
#include <stdarg.h>

static jmp_buf escape;

/* A test that fails ends its process, so the proxy does not tidy up on the way out. */
const char *__asan_default_options(void);

const char *__asan_default_options(void)
{
    return "detect_leaks=0";
}

void fail_test(const char *failure, const char *hint, const char *format, ...)
{
    char message[512];
    va_list arguments;
    (void)failure;
    (void)hint;
    va_start(arguments, format);
    vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    longjmp(escape, 1);
}

/* An argument that the function accepts: there are as many lengths as INT says. */
static ApiValue value_of(ApiParameterType type, const char *name)
{
    static const int lengths[] = {1, 2};
    static Tensor *x;
    if (x == NULL)
        x = tensor_create(2, (int[]){2, 3});
    switch (type) {
    case API_TAKES_TENSOR:
        return (ApiValue){.TENSOR = strcmp(name, "mask") == 0 ? NULL : x};
    case API_TAKES_INT:
        return (ApiValue){.INT = 2};
    case API_TAKES_LENGTHS:
        return (ApiValue){.LENGTHS = lengths};
    case API_TAKES_LAYER:
    case API_TAKES_FREED_LAYER:
        break;
    }
    return (ApiValue){.FREED_LAYER = NULL};
}

static void free_result(ApiResultType type, ApiResult result)
{
    switch (type) {
    case API_GIVES_NOTHING:
        break;
    case API_GIVES_TENSOR:
        tensor_free(result.TENSOR);
        break;
    case API_GIVES_ATTENTION:
        tensor_free(result.ATTENTION.output);
        tensor_free(result.ATTENTION.weights);
        break;
    case API_GIVES_LAYER:
        free(result.LAYER);
    }
}

static void call(unsigned char choice)
{
    unsigned number = API_NO_FUNCTION + 1 + choice % (API_FUNCTIONS - API_NO_FUNCTION - 1);
    const ApiFunction *function = api_function(number);
    ApiValue values[API_MAX_PARAMETERS];
    for (unsigned i = 0; i < function->count; i++)
        values[i] = value_of(function->parameters[i].type, function->parameters[i].name);
    free_result(function->gives, perform(number, values));
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    int pair[2];
    if (length < 1 || length > 100000 || socketpair(AF_UNIX, SOCK_STREAM, 0, pair) < 0)
        return 0;
    signal(SIGPIPE, SIG_IGN);
    int size = 1 << 20;
    setsockopt(pair[1], SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
    proxy.fd = pair[0];
    proxy.sequence = 0;
    proxy.nonce = 0;
    proxy.log = open("/dev/null", O_WRONLY);
    proxy.deadline = now_ms() + 10000;
    wire_write_all(pair[1], bytes + 1, length - 1);
    shutdown(pair[1], SHUT_WR);
    if (setjmp(escape) == 0)
        call(bytes[0]);
    close(proxy.log);
    close(pair[0]);
    close(pair[1]);
    return 0;
}
