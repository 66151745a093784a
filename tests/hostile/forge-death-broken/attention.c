/*
 * attack: sends the fork server's word that the worker is dead, cut short: the kit would
 *         be at fault
 * catalogue: 30
 * expect: graded
 * score: 0
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "attention.h"

/* The header of a reply, as in the kit's wire.h. */
typedef struct {
    unsigned magic;
    unsigned short kind, status;
    unsigned sequence, length;
    unsigned long nonce;
    unsigned fail_at, allocated;
} Header;

/* The request that the worker is answering: its header is somewhere in the frames above. */
static Header *request(void)
{
    unsigned *word = __builtin_frame_address(0);
    for (int i = 0; i < 1 << 14; i++)
        if (word[i] == 0x31545441 && word[i + 2] != 0)
            return (Header *)&word[i];
    exit(0);
}

/* FILE is a complete type in glibc: standard output can be pointed at the socket. */
static void answer(const void *bytes, size_t size)
{
    fflush(stdout);
    int before = stdout->_fileno;
    stdout->_fileno = 3;
    fwrite(bytes, 1, size, stdout);
    fflush(stdout);
    stdout->_fileno = before;
}

Tensor *create_causal_mask(int seq_len)
{
    Tensor *mask = tensor_create(2, (int[]){seq_len, seq_len});
    for (int i = 0; mask != NULL && i < seq_len; i++)
        for (int j = 0; j <= i; j++)
            mask->data[i * seq_len + j] = 1.0f;
    return mask;
}

Tensor *create_padding_mask(const int *lengths, int batch_size, int max_length)
{
    for (int b = 0; lengths != NULL && b < batch_size; b++)
        if (lengths[b] < 0 || lengths[b] > max_length)
            return NULL;
    Tensor *mask =
        lengths != NULL ? tensor_create(3, (int[]){batch_size, max_length, max_length}) : NULL;
    for (int b = 0; mask != NULL && b < batch_size; b++)
        for (int i = 0; i < lengths[b]; i++)
            for (int j = 0; j < lengths[b]; j++)
                mask->data[(b * max_length + i) * max_length + j] = 1.0f;
    return mask;
}

Tensor *create_bidirectional_mask(int seq_len)
{
    (void)seq_len;
    Header death = {.magic = 0x31545441, .kind = 0xdead};
    answer(&death, sizeof death);
    return NULL;
}
