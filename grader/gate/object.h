/*
 * object.h: what is in a shared object, once load.h has read it.
 */
#pragma once

#include <gelf.h>
#include <glib.h>

typedef struct {
    char *bytes;
    gsize length;
    Elf *elf;
    GElf_Ehdr header;
    GArray *segments; /* GElf_Phdr */
    GArray *dynamic;  /* GElf_Dyn, without the final DT_NULL */
} GateObject;

void gate_object_free(GateObject *object);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(GateObject, gate_object_free)

/* The value of the entry of the dynamic table with this tag, or 0. */
GElf_Xword gate_object_dynamic(const GateObject *object, GElf_Sxword tag);

/* The first section of this type, at this address if it is not 0, and its header; or NULL. */
Elf_Scn *gate_object_section(const GateObject *object, GElf_Word type, GElf_Addr address,
                             GElf_Shdr *header);

/* Visit the symbols of the table of this type, SHT_DYNSYM or SHT_SYMTAB. Names are never NULL. */
typedef void (*GateSymbolVisit)(const GElf_Sym *symbol, const char *name, gpointer data);
void gate_object_each_symbol(const GateObject *object, GElf_Word type, GateSymbolVisit visit,
                             gpointer data);

/* Visit the relocations that the loader will apply. */
typedef void (*GateRelocationVisit)(const GElf_Rela *relocation, gpointer data);
void gate_object_each_relocation(const GateObject *object, GateRelocationVisit visit,
                                 gpointer data);

/* A string of the dynamic table (DT_NEEDED); never NULL. */
const char *gate_object_dynamic_string(const GateObject *object, GElf_Xword offset);

/*
 * The bytes that will be executable in memory: of each executable segment, also what its last page
 * brings along from the file. `address` is where they will be, relative to the object's start.
 */
typedef struct {
    const guint8 *bytes;
    gsize length;
    GElf_Addr address;
} GateCode;
GArray *gate_object_code(const GateObject *object);

/* Does this address lie in an executable segment? */
gboolean gate_object_is_code(const GateObject *object, GElf_Addr address);

/* Does a pointer at this address lie in a writable segment, and outside of the dynamic table? */
gboolean gate_object_is_variable(const GateObject *object, GElf_Addr address);

/* The function that contains this address, or NULL. */
const char *gate_object_function_at(const GateObject *object, GElf_Addr address);
