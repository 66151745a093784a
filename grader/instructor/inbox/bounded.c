/* bounded.c: see bounded.h. */
#include "instructor/inbox/bounded.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/files.h"

static const char *word_for(int error)
{
    if (error == ENOENT || error == ENOTDIR)
        return "missing";
    if (error == ELOOP || error == EXDEV)
        return "link";
    return error == ENXIO || error == ENODEV ? "special" : "unreadable";
}

static GBytes *read_all(int fd, gsize limit)
{
    GByteArray *bytes = g_byte_array_new();
    guint8 block[16384];
    while (bytes->len < limit) {
        ssize_t got = read(fd, block, MIN(sizeof block, limit - bytes->len));
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            break;
        g_byte_array_append(bytes, block, (guint)got);
    }
    return g_byte_array_free_to_bytes(bytes);
}

GBytes *bounded_read(const char *folder, const char *name, gsize limit, const char **fault)
{
    const char *ignored = NULL;
    const char **why = fault != NULL ? fault : &ignored;
    *why = NULL;
    files_autofd int above = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NONBLOCK);
    files_autofd int fd = above >= 0 ? files_open_beneath(above, name) : -1;
    struct stat info;
    if (fd < 0 || fstat(fd, &info) < 0)
        *why = word_for(errno);
    else if (!S_ISREG(info.st_mode))
        *why = "special";
    else
        return read_all(fd, limit);
    return NULL;
}
