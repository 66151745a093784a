/*
 * landlock.h: the Landlock layer of confine. A file system list and, as far as the kernel knows
 * them, no TCP, no abstract sockets and no signals outside of the sandbox.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

typedef enum {
    LANDLOCK_READ,  /* files and folders */
    LANDLOCK_EXEC,  /* read, and run programs */
    LANDLOCK_WRITE, /* read, and all but run, and make devices, sockets, links and pipes */
} LandlockAccess;

typedef struct {
    LandlockAccess access;
    const char *path; /* one that does not exist is passed over */
} LandlockRule;

/* What confine says where landlock_restrict() fails with ENOSYS. */
#define LANDLOCK_MISSING "this kernel has no Landlock (Linux 5.13 has)"

/* Restrict this process and its children to these paths. False with errno. */
bool landlock_restrict(const LandlockRule *rules, size_t count);
