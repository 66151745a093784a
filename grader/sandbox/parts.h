/*
 * parts.h: the parts of the sandbox, for the files of this folder only.
 */
#pragma once

#include "result/result.h"
#include "sandbox/sandbox.h"

#define SANDBOX_PROFILES 3

/* Who student code runs as when the grader is the superuser: nobody. */
#define SANDBOX_USER 65534

/* ---- paths.c: what a profile sees of the file system ----------------------------------------- */

typedef struct {
    char *source; /* on this machine, no symbolic link; NULL: `path` is a link to `target` */
    char *target;
    char *path;    /* inside */
    gboolean exec; /* programs may be run from it */
} SandboxPath;

/* What a profile sees besides its box: SandboxPath *. */
GPtrArray *sandbox_paths_new(SandboxProfile profile);

/* ---- filter.c: its system calls -------------------------------------------------------------- */

/* A seccomp filter as the bytes of a memfd, or -1. */
int sandbox_filter_new(SandboxProfile profile, GError **error);
int sandbox_filter_new_lockdown(GError **error);

/* ---- cgroup.c: control groups ---------------------------------------------------------------- */

#define SANDBOX_GROUPS 2 /* memory and pids are two hierarchies in version 1 */

/* Where this process may make groups; n = 0: nowhere, for `reason`. */
typedef struct {
    char *parents[SANDBOX_GROUPS];
    guint n;
    gboolean v2;
    char *reason;
} SandboxGroups;

/* A group of one run. */
typedef struct {
    char *paths[SANDBOX_GROUPS];
    int procs[SANDBOX_GROUPS]; /* cgroup.procs, to be written by who joins */
    guint n;
} SandboxGroup;

SandboxGroups *sandbox_groups_find(void);
void sandbox_groups_free(SandboxGroups *groups);

/* Make a group with limits; NULL on failure, and nothing is left. Empty where there is nowhere. */
SandboxGroup *sandbox_group_new(const SandboxGroups *groups, guint64 memory, guint processes,
                                GError **error);
/* After the start nobody joins any more. */
void sandbox_group_close(SandboxGroup *group);
/* Its processes have been killed: remove it. Takes a SandboxGroup, as ProcessSpec's `ended`. */
void sandbox_group_free(gpointer group);

/* ---- layers.c: what holds -------------------------------------------------------------------- */

typedef enum {
    LAYER_NAMESPACES,
    LAYER_LANDLOCK,
    LAYER_SECCOMP,
    LAYER_LIMITS,
    LAYER_CGROUP,
    LAYERS,
} LayerId;

typedef enum { LAYER_ENFORCED, LAYER_UNAVAILABLE, LAYER_OFF } LayerState;

typedef struct {
    LayerState state;
    char *reason; /* NULL if enforced */
    char *fix;    /* the command that would make it available, or NULL */
} Layer;

/* As ATTENTION_SANDBOX_OFF and the reports call them. */
extern const char *const sandbox_layer_names[LAYERS];

gboolean sandbox_layer_holds(const Sandbox *sandbox, LayerId layer);
/* The strings are copied. */
void sandbox_set_layer(Sandbox *sandbox, LayerId id, LayerState state, const char *reason,
                       const char *fix);

/* ---- open.c ---------------------------------------------------------------------------------- */

struct Sandbox {
    char *confine; /* absolute path */
    char *bwrap;   /* absolute path, or NULL */
    RubricLimits limits;
    Layer layers[LAYERS];
    GPtrArray *paths[SANDBOX_PROFILES];
    int filters[SANDBOX_PROFILES], lockdown_filter;
    int lifeline[2]; /* a pipe; what runs inside ends when our end is closed */
    SandboxGroups *groups;
    gboolean superuser; /* bubblewrap needs no user namespace, and we can change the user */
};

/* ---- command.c: the command lines of bubblewrap and of confine ------------------------------- */

/* The descriptors that confine gets, counted from the first after the caller's. */
enum { OWN_STATUS, OWN_LIFELINE, OWN_FILTER, OWN_GROUPS };

/* All that one start needs besides the spec. */
typedef struct {
    const Sandbox *sandbox;
    const SandboxSpec *spec;
    const char *box; /* as it is called where the program runs */
    guint user;      /* to become, 0: none */
    gboolean probe;  /* confine's probe instead of a program */
    guint own;       /* the number there of OWN_STATUS */
    guint n_groups;
} SandboxStart;

/* Bytes of address space for one process. */
guint64 sandbox_memory_limit(const Sandbox *sandbox, SandboxProfile profile);

/* The whole command line: bubblewrap and confine, or confine alone. */
GPtrArray *sandbox_command(const SandboxStart *start);

/* ---- start.c, probe.c ------------------------------------------------------------------------ */

/* As sandbox_start(), with confine's probe in place of a program. */
Process *sandbox_start_probe(const Sandbox *sandbox, const SandboxSpec *spec, GError **error);

/* Find out what holds: fills sandbox->layers. */
gboolean sandbox_probe(Sandbox *sandbox, GError **error);
