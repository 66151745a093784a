/* jumps.c: see jumps.h. */
#include "valgrind/jumps.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/process.h"
#include "gate/code.h"
#include "gate/load.h"
#include "gate/object.h"

/* No straight line to a request has more bytes: it fills in six words on the stack. */
#define LONGEST_APPROACH 127
#define OBJDUMP "/usr/bin/objdump"
#define OBJDUMP_SECONDS 60
#define MAX_LISTING (64u << 20) /* bytes that objdump may print */
/* Valgrind ends a superblock after 50 instructions, and begins another one there. */
#define LONGEST_RUN 45

/* ---- where code itself leads ----------------------------------------------------------------- */

/* What was read of objdump's listing of a file. */
typedef struct {
    GHashTable *entries; /* guint64 *: where its own code begins a superblock */
    gboolean ended;      /* the last instruction ends a superblock */
    guint run;           /* instructions since the last entry that is reached in a straight line */
} Listing;

static void add_entry(Listing *listing, guint64 address)
{
    g_hash_table_add(listing->entries, g_memdup2(&address, sizeof address));
}

static gboolean begins_with_any(const char *text, const char *const *words)
{
    for (; *words != NULL; words++)
        if (g_str_has_prefix(text, *words))
            return TRUE;
    return FALSE;
}

/* Add where a jump or call leads, if the instruction says so: "je     8100 <free+0x90>". */
static void add_target(Listing *listing, const char *text)
{
    const char *operand = strchr(text, ' ');
    if (operand == NULL)
        return;
    char *end;
    guint64 target = g_ascii_strtoull(operand + strspn(operand, " "), &end, 16);
    if (*end == ' ' || *end == '\0')
        add_entry(listing, target);
}

static void read_instruction(Listing *listing, guint64 address, const char *text)
{
    static const char *const jumps[] = {"j", "call", "loop", "bnd j", "bnd call", "notrack", NULL};
    /* The last one is a client request, as objdump shows it. */
    static const char *const ends[] = {"ret", "bnd ret", "syscall",          "cpuid", "hlt",
                                       "int", "ud2",     "xchg   %rbx,%rbx", NULL};
    /* Valgrind makes a loop of these, which begins a superblock in each round. */
    static const char *const loops[] = {"rep", "lock", NULL};
    gboolean jump = begins_with_any(text, jumps), loop = begins_with_any(text, loops);
    if (listing->ended || loop)
        listing->run = 0;
    if (listing->run == 0 || listing->run > LONGEST_RUN)
        add_entry(listing, address);
    listing->run++;
    if (jump)
        add_target(listing, text);
    listing->ended = jump || loop || begins_with_any(text, ends);
}

/* A line is "0000000000008070 <free>:" or "    80c8:\tje     8100 <free+0x90>". */
static void read_line(Listing *listing, const char *line)
{
    char *end;
    guint64 address = g_ascii_strtoull(line + strspn(line, " "), &end, 16);
    if (g_str_has_prefix(end, " <"))
        listing->run = 0;
    else if (g_str_has_prefix(end, ":\t"))
        read_instruction(listing, address, end + strlen(":\t"));
}

static GHashTable *read_listing(char *text)
{
    Listing listing = {.entries = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL)};
    for (char *line = text, *next; line != NULL; line = next) {
        next = strchr(line, '\n');
        if (next != NULL)
            *next++ = '\0';
        read_line(&listing, line);
    }
    return listing.entries;
}

/* NULL if objdump does not work on this file. */
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

/* The entries of a file, which are listed once; NULL if they are not known. */
static GHashTable *find_entries(const char *path)
{
    static GMutex mutex;
    static GHashTable *listings; /* by path; there are two or three */
    g_mutex_lock(&mutex);
    if (listings == NULL)
        listings = g_hash_table_new(g_str_hash, g_str_equal);
    if (!g_hash_table_contains(listings, path))
        g_hash_table_insert(listings, g_strdup(path), list_entries(path));
    GHashTable *entries = g_hash_table_lookup(listings, path);
    g_mutex_unlock(&mutex);
    return entries;
}

gboolean valgrind_code_leads_to(const char *path, guint64 address)
{
    GHashTable *entries = find_entries(path);
    return entries == NULL || g_hash_table_contains(entries, &address);
}

/* ---- libraries ------------------------------------------------------------------------------- */

/* One library in the program's memory. Addresses are relative to `base`. */
typedef struct {
    char *path; /* outside of the sandbox */
    char *name;
    guint64 base;
    guint64 end;       /* of its code */
    GArray *requests;  /* guint64: where the preamble of each begins, ascending */
    GArray *functions; /* guint64: where functions begin */
    GHashTable *known; /* where superblocks began before student code could run */
} Library;

static void library_free(gpointer data)
{
    Library *library = data;
    g_free(library->path);
    g_free(library->name);
    g_array_unref(library->requests);
    g_array_unref(library->functions);
    g_hash_table_unref(library->known);
    g_free(library);
}

static void add_function(const GElf_Sym *symbol, const char *name, gpointer data)
{
    (void)name;
    guint64 address = symbol->st_value;
    if (GELF_ST_TYPE(symbol->st_info) == STT_FUNC && symbol->st_shndx != SHN_UNDEF)
        g_array_append_val((GArray *)data, address);
}

static void add_requests(Library *library, const GateCode *code, guint machine)
{
    for (gsize at = 0; at < code->length; at++) {
        if (gate_code_next(code->bytes, code->length, machine, &at) != GATE_CODE_VALGRIND)
            continue;
        guint64 address = code->address + at;
        g_array_append_val(library->requests, address);
    }
    library->end = MAX(library->end, code->address + code->length);
}

/* A library that cannot be read has no requests: Valgrind has not read it either. */
static Library *library_read(const char *path, const char *name, guint64 base)
{
    Library *library = g_new0(Library, 1);
    library->path = g_strdup(path);
    library->name = g_strdup(name);
    library->base = base;
    library->requests = g_array_new(FALSE, FALSE, sizeof(guint64));
    library->functions = g_array_new(FALSE, FALSE, sizeof(guint64));
    library->known = g_hash_table_new(NULL, NULL);
    const char *why = NULL;
    g_autoptr(GateObject) object = gate_object_load(path, &why);
    if (object == NULL)
        return library;
    g_autoptr(GArray) code = gate_object_code(object);
    for (guint i = 0; i < code->len; i++)
        add_requests(library, &g_array_index(code, GateCode, i), object->header.e_machine);
    gate_object_each_symbol(object, SHT_DYNSYM, add_function, library->functions);
    gate_object_each_symbol(object, SHT_SYMTAB, add_function, library->functions);
    return library;
}

/* Is one of these addresses from `first` to `last`? */
static gboolean has_between(const GArray *addresses, guint64 first, guint64 last)
{
    for (guint i = 0; i < addresses->len; i++) {
        guint64 address = g_array_index(addresses, guint64, i);
        if (address >= first && address <= last)
            return TRUE;
    }
    return FALSE;
}

/*
 * Does the code go on from this place to a request, perhaps in a straight line, and does no
 * function begin on the way? One that begins at the place itself may be called.
 */
static gboolean is_before_request(const Library *library, guint64 place)
{
    for (guint i = 0; i < library->requests->len; i++) {
        guint64 request = g_array_index(library->requests, guint64, i);
        if (request >= place && request - place <= LONGEST_APPROACH)
            return !has_between(library->functions, place, request);
    }
    return FALSE;
}

/* Can only a jump from elsewhere have led to this place? It asks objdump last, which is slow. */
static gboolean is_strange(const Library *library, guint64 place)
{
    return !g_hash_table_contains(library->known, GSIZE_TO_POINTER(place)) &&
           is_before_request(library, place) && !valgrind_code_leads_to(library->path, place);
}

/* ---- superblocks ----------------------------------------------------------------------------- */

void valgrind_jumps_init(ValgrindJumps *jumps, const char *worker)
{
    *jumps =
        (ValgrindJumps){.libraries = g_ptr_array_new_with_free_func(library_free),
                        .worker = g_strdup(worker),
                        .strange = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL)};
}

void valgrind_jumps_clear(ValgrindJumps *jumps)
{
    g_clear_pointer(&jumps->libraries, g_ptr_array_unref);
    g_clear_pointer(&jumps->worker, g_free);
    g_clear_pointer(&jumps->strange, g_hash_table_unref);
}

static Library *library_at(const ValgrindJumps *jumps, guint64 address)
{
    for (guint i = 0; i < jumps->libraries->len; i++) {
        Library *library = jumps->libraries->pdata[i];
        if (address >= library->base && address - library->base < library->end)
            return library;
    }
    return NULL;
}

/*
 * Add the library of a superblock that is in none so far: "... /lib/vgpreload_core.so+0x1234". NULL
 * if it is none that has requests.
 */
static Library *meet_library(ValgrindJumps *jumps, const char *line, guint64 address)
{
    const char *last = strrchr(line, ' '), *plus = strrchr(line, '+');
    guint64 offset;
    if (last == NULL || plus == NULL || plus < last || sscanf(plus, "+0x%" SCNx64, &offset) != 1 ||
        offset > address)
        return NULL;
    g_autofree char *path = g_strndup(last + 1, (gsize)(plus - last - 1));
    const char *slash = strrchr(path, '/'), *name = slash != NULL ? slash + 1 : path;
    gboolean worker = jumps->worker != NULL && g_str_equal(name, "worker");
    if (!worker && !g_str_has_prefix(name, "vgpreload_"))
        return NULL;
    Library *library = library_read(worker ? jumps->worker : path, name, address - offset);
    g_ptr_array_add(jumps->libraries, library);
    return library;
}

void valgrind_jumps_take(ValgrindJumps *jumps, const char *line, gboolean judging)
{
    guint64 address;
    const char *place = strstr(line, "] 0x");
    if (place == NULL || sscanf(place, "] 0x%" SCNx64, &address) != 1)
        return;
    Library *library = library_at(jumps, address);
    if (library == NULL)
        library = meet_library(jumps, line, address);
    if (library == NULL)
        return;
    guint64 offset = address - library->base;
    if (!judging)
        g_hash_table_add(library->known, GSIZE_TO_POINTER(offset));
    else if (is_strange(library, offset))
        g_hash_table_add(jumps->strange,
                         g_strdup_printf("%s+0x%" G_GINT64_MODIFIER "x", library->name, offset));
}

const char *valgrind_jumps_strange(const ValgrindJumps *jumps, const ValgrindJumps *harmless)
{
    GHashTableIter iter;
    gpointer place;
    g_hash_table_iter_init(&iter, jumps->strange);
    while (g_hash_table_iter_next(&iter, &place, NULL))
        if (harmless == NULL || !g_hash_table_contains(harmless->strange, place))
            return place;
    return NULL;
}
