/* code.c: see code.h. */
#include "valgrind/code.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "gate/code.h"
#include "gate/load.h"
#include "gate/object.h"
#include "valgrind/entries.h"

/* No straight line to a request is longer: they fill in six words on the stack. */
#define LONGEST 127

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

void memory_code_init(MemoryCode *code, const char *worker)
{
    *code = (MemoryCode){.libraries = g_ptr_array_new_with_free_func(library_free),
                         .worker = worker,
                         .strange = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL)};
}

void memory_code_clear(MemoryCode *code)
{
    g_clear_pointer(&code->libraries, g_ptr_array_unref);
    g_clear_pointer(&code->strange, g_hash_table_unref);
}

/* ---- what is known of a library -------------------------------------------------------------- */

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

/* Is one of these addresses in first..last? */
static gboolean has_between(const GArray *addresses, guint64 first, guint64 last)
{
    for (guint i = 0; i < addresses->len; i++) {
        guint64 address = g_array_index(addresses, guint64, i);
        if (address >= first && address <= last)
            return TRUE;
    }
    return FALSE;
}

/* Does the code go from here to a request, in the same function and perhaps in a straight line? */
static gboolean is_before_request(const Library *library, guint64 place)
{
    for (guint i = 0; i < library->requests->len; i++) {
        guint64 request = g_array_index(library->requests, guint64, i);
        if (request >= place && request - place <= LONGEST)
            return !has_between(library->functions, place, place) &&
                   !has_between(library->functions, place + 1, request);
    }
    return FALSE;
}

/* And is that where only a jump from elsewhere leads? Asked last, since objdump takes its time. */
static gboolean is_strange(const Library *library, guint64 place)
{
    return !g_hash_table_contains(library->known, GSIZE_TO_POINTER(place)) &&
           is_before_request(library, place) && !memory_entries_has(library->path, place);
}

/* ---- superblocks ----------------------------------------------------------------------------- */

static Library *library_at(const MemoryCode *code, guint64 address)
{
    for (guint i = 0; i < code->libraries->len; i++) {
        Library *library = code->libraries->pdata[i];
        if (address >= library->base && address - library->base < library->end)
            return library;
    }
    return NULL;
}

/* A superblock in a library that is not known yet: "... /lib/vgpreload_core.so+0x1234". */
static Library *meet_library(MemoryCode *code, const char *line, guint64 address)
{
    const char *last = strrchr(line, ' '), *plus = strrchr(line, '+');
    guint64 offset;
    if (last == NULL || plus == NULL || plus < last || sscanf(plus, "+0x%" SCNx64, &offset) != 1 ||
        offset > address)
        return NULL;
    g_autofree char *path = g_strndup(last + 1, (gsize)(plus - last - 1));
    const char *slash = strrchr(path, '/'), *name = slash != NULL ? slash + 1 : path;
    gboolean worker = code->worker != NULL && g_str_equal(name, "worker");
    if (!worker && !g_str_has_prefix(name, "vgpreload_"))
        return NULL;
    Library *library = library_read(worker ? code->worker : path, name, address - offset);
    g_ptr_array_add(code->libraries, library);
    return library;
}

void memory_code_take(MemoryCode *code, const char *line, gboolean judging)
{
    guint64 address;
    const char *place = strstr(line, "] 0x");
    if (place == NULL || sscanf(place, "] 0x%" SCNx64, &address) != 1)
        return;
    Library *library = library_at(code, address);
    if (library == NULL)
        library = meet_library(code, line, address);
    if (library == NULL)
        return;
    guint64 offset = address - library->base;
    if (!judging)
        g_hash_table_add(library->known, GSIZE_TO_POINTER(offset));
    else if (is_strange(library, offset))
        g_hash_table_add(code->strange,
                         g_strdup_printf("%s+0x%" G_GINT64_MODIFIER "x", library->name, offset));
}

const char *memory_code_strange(const MemoryCode *code, const MemoryCode *harmless)
{
    GHashTableIter iter;
    gpointer place;
    g_hash_table_iter_init(&iter, code->strange);
    while (g_hash_table_iter_next(&iter, &place, NULL))
        if (harmless == NULL || !g_hash_table_contains(harmless->strange, place))
            return place;
    return NULL;
}
