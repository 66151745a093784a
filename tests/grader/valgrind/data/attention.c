/* What errors.xml and crash.xml were made from: valgrind ./worker, and the child of it. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <stdio.h>
#include <sys/wait.h>
#include <valgrind/memcheck.h>
typedef struct { int n; float *data; } Pair;
static Pair *pair(int n)
{
    Pair *p = malloc(sizeof *p);
    p->n = n;
    p->data = malloc(1000u * (unsigned)n);
    return p;
}
static void lose(void)
{
    Pair *volatile p = pair(2);
    p = NULL;
}
int main(void)
{
    VALGRIND_PRINTF("<begin> & ]]> \033[31m\n");
    lose();
    VALGRIND_DO_ADDED_LEAK_CHECK;
    lose();
    char *volatile block = malloc(1024);
    block[0] = block[1026];
    free(block);
    block[3] = 1;
    free(block);
    char text[64] = "0123456789";
    strncpy(text + 2, text, 5);
    if (text[40 + (block == NULL)] + ((char *)malloc(8))[2] > 64)
        puts("!");
    VALGRIND_CHECK_MEM_IS_DEFINED(malloc(16), 16);
    VALGRIND_DO_ADDED_LEAK_CHECK;
    VALGRIND_PRINTF("end\n");
    if (fork() == 0)
        ((volatile int *)NULL)[2] = 1;
    wait(NULL);
    _exit(0);
}
