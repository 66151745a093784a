/*
 * fuzz_reply.c: whatever a worker sends, the proxy either takes a well-formed answer or fails the
 * test. The input is the worker's side of the conversation; its first byte chooses the function.
 */
#include "proxy/call.c"

#include "proxy/proxy.c"

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

static void free_result(AttentionResult result)
{
    tensor_free(result.output);
    tensor_free(result.weights);
}

static void call(unsigned char function)
{
    static Tensor *x;
    if (x == NULL)
        x = tensor_create(2, (int[]){2, 3});
    switch (function % 4) {
    case 0:
        free_result(scaled_dot_product_attention(x, x, x, NULL));
        break;
    case 1:
        tensor_free(create_padding_mask((int[]){1, 2}, 2, 2));
        break;
    case 2:
        free(self_attention_create(3));
        break;
    default:
        tensor_free(create_causal_mask(2));
    }
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
    proxy.record = open("/dev/null", O_WRONLY);
    proxy.deadline = now_ms() + 10000;
    wire_write_all(pair[1], bytes + 1, length - 1);
    shutdown(pair[1], SHUT_WR);
    if (setjmp(escape) == 0)
        call(bytes[0]);
    close(proxy.record);
    close(pair[0]);
    close(pair[1]);
    return 0;
}
