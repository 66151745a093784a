/* entries.c: see entries.h. */
#include "valgrind/entries.h"

#include <string.h>

#include "base/process.h"

#define OBJDUMP "/usr/bin/objdump"
#define OBJDUMP_SECONDS 60
#define MAX_LISTING (64u << 20) /* bytes that objdump may print */
/* Valgrind ends a superblock after 50 instructions, and begins another one there. */
#define LONGEST_RUN 45

typedef struct {
    GHashTable *entries; /* guint64 * */
    gboolean ended;      /* the last instruction ends a superblock */
    guint run;           /* instructions since the last entry that is reached in a straight line */
} Reader;

static void add_entry(Reader *reader, guint64 address)
{
    g_hash_table_add(reader->entries, g_memdup2(&address, sizeof address));
}

static gboolean begins_with_any(const char *text, const char *const *words)
{
    for (; *words != NULL; words++)
        if (g_str_has_prefix(text, *words))
            return TRUE;
    return FALSE;
}

/* Where the jump or call leads, if that stands in it: "je     8100 <free+0x90>". */
static void add_target(Reader *reader, const char *text)
{
    const char *operand = strchr(text, ' ');
    if (operand == NULL)
        return;
    char *end;
    guint64 target = g_ascii_strtoull(operand + strspn(operand, " "), &end, 16);
    if (*end == ' ' || *end == '\0')
        add_entry(reader, target);
}

static void read_instruction(Reader *reader, guint64 address, const char *text)
{
    static const char *const jumps[] = {"j", "call", "loop", "bnd j", "bnd call", "notrack", NULL};
    /* The last one is a client request, as objdump shows it. */
    static const char *const ends[] = {"ret", "bnd ret", "syscall",          "cpuid", "hlt",
                                       "int", "ud2",     "xchg   %rbx,%rbx", NULL};
    /* What may be done again and again begins each time. */
    static const char *const loops[] = {"rep", "lock", NULL};
    gboolean jump = begins_with_any(text, jumps), loop = begins_with_any(text, loops);
    if (reader->ended || loop)
        reader->run = 0;
    if (reader->run == 0 || reader->run > LONGEST_RUN)
        add_entry(reader, address);
    reader->run++;
    if (jump)
        add_target(reader, text);
    reader->ended = jump || loop || begins_with_any(text, ends);
}

/* "0000000000008070 <free>:", or "    80c8:\tje     8100 <free+0x90>" */
static void read_line(Reader *reader, const char *line)
{
    char *end;
    guint64 address = g_ascii_strtoull(line + strspn(line, " "), &end, 16);
    if (g_str_has_prefix(end, " <"))
        reader->run = 0;
    else if (g_str_has_prefix(end, ":\t"))
        read_instruction(reader, address, end + strlen(":\t"));
}

static GHashTable *read_listing(char *text)
{
    Reader reader = {.entries = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL)};
    for (char *line = text, *next; line != NULL; line = next) {
        next = strchr(line, '\n');
        if (next != NULL)
            *next++ = '\0';
        read_line(&reader, line);
    }
    return reader.entries;
}

/* NULL if objdump is of no use. */
static GHashTable *list_entries(const char *path)
{
    const ProcessSpec spec = {
        .argv = (const char *[]){OBJDUMP, "-d", "--no-show-raw-insn", "-w", "--", path, NULL},
        .envp = (const char *[]){"LC_ALL=C", NULL},
        .wall_seconds = OBJDUMP_SECONDS,
        .output_limit = MAX_LISTING,
    };
    g_autoptr(Process) process = process_start(&spec, NULL);
    const ProcessOutcome *outcome = process != NULL ? process_wait(process) : NULL;
    if (outcome == NULL || outcome->wait_status != 0 || outcome->out_cut)
        return NULL;
    return read_listing(outcome->out->str);
}

gboolean memory_entries_has(const char *path, guint64 address)
{
    static GMutex mutex;
    static GHashTable *listings; /* by path; there are two or three */
    g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&mutex);
    if (listings == NULL)
        listings = g_hash_table_new(g_str_hash, g_str_equal);
    if (!g_hash_table_contains(listings, path))
        g_hash_table_insert(listings, g_strdup(path), list_entries(path));
    GHashTable *entries = g_hash_table_lookup(listings, path);
    return entries == NULL || g_hash_table_contains(entries, &address);
}
