/* Fuzz gate_judge() with the bytes of an object, which a submission may have forged. */
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#include "gate/gate.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    static Rubric *rubric;
    if (rubric == NULL && (rubric = rubric_load("rubric.yaml", NULL)) == NULL)
        abort();

    g_autofree char *path = g_strdup_printf("/dev/shm/fuzz-object-%d", (int)getpid());
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0 || write(fd, bytes, length) != (ssize_t)length)
        abort();
    close(fd);
    g_autoptr(Result) result = result_new("fuzz", NULL);
    gate_judge(rubric, path, result);
    if (result->status == SUBMISSION_REFUSED && result->diagnostics->len == 0)
        abort();
    unlink(path);
    return 0;
}
