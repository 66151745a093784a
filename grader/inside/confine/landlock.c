#include "inside/confine/landlock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/*
 * The kernel's interface up to ABI 6 (Linux 6.12), declared here because the headers of the
 * distributions that we serve stop at ABI 2. A kernel takes the part of it that it knows by size.
 */
struct ruleset_attr {
    uint64_t handled_access_fs;
    uint64_t handled_access_net; /* ABI 4 */
    uint64_t scoped;             /* ABI 6 */
};

struct path_beneath_attr {
    uint64_t allowed_access;
    int32_t parent_fd;
} __attribute__((packed));

enum { CREATE_RULESET_VERSION = 1, RULE_PATH_BENEATH = 1 };

enum {
    FS_EXECUTE = 1 << 0,
    FS_WRITE_FILE = 1 << 1,
    FS_READ_FILE = 1 << 2,
    FS_READ_DIR = 1 << 3,
    FS_REMOVE_DIR = 1 << 4,
    FS_REMOVE_FILE = 1 << 5,
    FS_MAKE_DIR = 1 << 7,
    FS_MAKE_REG = 1 << 8,
    FS_ALL_ABI_1 = (1 << 13) - 1,
    FS_REFER = 1 << 13,     /* ABI 2 */
    FS_TRUNCATE = 1 << 14,  /* ABI 3 */
    FS_IOCTL_DEV = 1 << 15, /* ABI 5 */
    NET_BIND_AND_CONNECT_TCP = 3,
    SCOPE_ABSTRACT_SOCKETS_AND_SIGNALS = 3,
};

/* Rights that the kernel refuses in a rule for something that is no folder. */
#define FS_OF_FILES (FS_EXECUTE | FS_WRITE_FILE | FS_READ_FILE | FS_TRUNCATE | FS_IOCTL_DEV)

static struct ruleset_attr handled(long abi)
{
    struct ruleset_attr attr = {.handled_access_fs = FS_ALL_ABI_1};
    if (abi >= 2)
        attr.handled_access_fs |= FS_REFER;
    if (abi >= 3)
        attr.handled_access_fs |= FS_TRUNCATE;
    if (abi >= 4)
        attr.handled_access_net = NET_BIND_AND_CONNECT_TCP;
    if (abi >= 5)
        attr.handled_access_fs |= FS_IOCTL_DEV;
    if (abi >= 6)
        attr.scoped = SCOPE_ABSTRACT_SOCKETS_AND_SIGNALS;
    return attr;
}

static size_t attr_size(long abi)
{
    if (abi >= 6)
        return sizeof(struct ruleset_attr);
    return abi >= 4 ? offsetof(struct ruleset_attr, scoped)
                    : offsetof(struct ruleset_attr, handled_access_net);
}

static uint64_t rights(LandlockAccess access)
{
    uint64_t read = FS_READ_FILE | FS_READ_DIR;
    uint64_t write = FS_WRITE_FILE | FS_REMOVE_DIR | FS_REMOVE_FILE | FS_MAKE_DIR | FS_MAKE_REG |
                     FS_REFER | FS_TRUNCATE;
    switch (access) {
    case LANDLOCK_READ:
        return read;
    case LANDLOCK_EXEC:
        return read | FS_EXECUTE;
    case LANDLOCK_WRITE:
        return read | write;
    }
    return 0;
}

static bool add_rule(int ruleset, const LandlockRule *rule, uint64_t handled_fs)
{
    struct path_beneath_attr beneath = {.allowed_access = rights(rule->access) & handled_fs};
    struct stat status;
    beneath.parent_fd = open(rule->path, O_PATH | O_CLOEXEC);
    if (beneath.parent_fd < 0)
        return errno == ENOENT;
    bool added = fstat(beneath.parent_fd, &status) == 0;
    if (added && !S_ISDIR(status.st_mode))
        beneath.allowed_access &= FS_OF_FILES;
    added = added && syscall(SYS_landlock_add_rule, ruleset, RULE_PATH_BENEATH, &beneath, 0) == 0;
    close(beneath.parent_fd);
    return added;
}

bool landlock_restrict(const LandlockRule *rules, size_t count)
{
    long abi = syscall(SYS_landlock_create_ruleset, NULL, 0, CREATE_RULESET_VERSION);
    if (abi < 0)
        return false;
    struct ruleset_attr attr = handled(abi);
    int ruleset = (int)syscall(SYS_landlock_create_ruleset, &attr, attr_size(abi), 0);
    if (ruleset < 0)
        return false;
    bool restricted = true;
    for (size_t i = 0; i < count && restricted; i++)
        restricted = add_rule(ruleset, &rules[i], attr.handled_access_fs);
    restricted = restricted && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
                 syscall(SYS_landlock_restrict_self, ruleset, 0) == 0;
    close(ruleset);
    return restricted;
}
