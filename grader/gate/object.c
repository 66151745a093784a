#include "gate/object.h"

#include <unistd.h>

enum {
    PAGE = 4096, /* the least that the loader maps; see gate_object_code() */
    POINTER = 8, /* bytes that a relocation changes */
};

void gate_object_free(GateObject *object)
{
    if (object == NULL)
        return;
    elf_end(object->elf);
    g_free(object->bytes);
    g_array_unref(object->segments);
    g_array_unref(object->dynamic);
    g_free(object);
}

GElf_Xword gate_object_dynamic(const GateObject *object, GElf_Sxword tag)
{
    for (guint i = 0; i < object->dynamic->len; i++) {
        const GElf_Dyn *entry = &g_array_index(object->dynamic, GElf_Dyn, i);
        if (entry->d_tag == tag)
            return entry->d_un.d_val;
    }
    return 0;
}

Elf_Scn *gate_object_section(const GateObject *object, GElf_Word type, GElf_Addr address,
                             GElf_Shdr *header)
{
    Elf_Scn *section = NULL;
    while ((section = elf_nextscn(object->elf, section)) != NULL) {
        if (gelf_getshdr(section, header) != NULL && header->sh_type == type &&
            (address == 0 || header->sh_addr == address))
            return section;
    }
    return NULL;
}

void gate_object_each_symbol(const GateObject *object, GElf_Word type, GateSymbolVisit visit,
                             gpointer data)
{
    GElf_Addr address = type == SHT_DYNSYM ? gate_object_dynamic(object, DT_SYMTAB) : 0;
    GElf_Shdr header;
    Elf_Scn *section = gate_object_section(object, type, address, &header);
    Elf_Data *table = section != NULL ? elf_getdata(section, NULL) : NULL;
    GElf_Sym symbol;
    for (int i = 1; table != NULL && gelf_getsym(table, i, &symbol) != NULL; i++) {
        const char *name = elf_strptr(object->elf, header.sh_link, symbol.st_name);
        visit(&symbol, name != NULL ? name : "", data);
    }
}

static void visit_table(const GateObject *object, GElf_Sxword tag, GateRelocationVisit visit,
                        gpointer data)
{
    GElf_Addr address = gate_object_dynamic(object, tag);
    GElf_Shdr header;
    Elf_Scn *section =
        address != 0 ? gate_object_section(object, SHT_RELA, address, &header) : NULL;
    Elf_Data *table = section != NULL ? elf_getdata(section, NULL) : NULL;
    GElf_Rela relocation;
    for (int i = 0; table != NULL && gelf_getrela(table, i, &relocation) != NULL; i++)
        visit(&relocation, data);
}

void gate_object_each_relocation(const GateObject *object, GateRelocationVisit visit, gpointer data)
{
    visit_table(object, DT_RELA, visit, data);
    visit_table(object, DT_JMPREL, visit, data);
}

const char *gate_object_dynamic_string(const GateObject *object, GElf_Xword offset)
{
    GElf_Shdr header;
    Elf_Scn *section =
        gate_object_section(object, SHT_STRTAB, gate_object_dynamic(object, DT_STRTAB), &header);
    const char *string =
        section != NULL ? elf_strptr(object->elf, elf_ndxscn(section), offset) : NULL;
    return string != NULL ? string : "";
}

GArray *gate_object_code(const GateObject *object)
{
    GArray *all = g_array_new(FALSE, FALSE, sizeof(GateCode));
    for (guint i = 0; i < object->segments->len; i++) {
        const GElf_Phdr *segment = &g_array_index(object->segments, GElf_Phdr, i);
        if (segment->p_type != PT_LOAD || (segment->p_flags & PF_X) == 0)
            continue;
        guint64 page = MAX((guint64)sysconf(_SC_PAGESIZE), PAGE);
        guint64 before = segment->p_offset % page;
        guint64 end = (segment->p_offset + segment->p_filesz + page - 1) / page * page;
        guint64 start = segment->p_offset - before;
        GateCode code = {
            .bytes = (const guint8 *)object->bytes + start,
            .length = MIN(end, object->length) - start,
            .address = segment->p_vaddr - before,
        };
        g_array_append_val(all, code);
    }
    return all;
}

gboolean gate_object_is_code(const GateObject *object, GElf_Addr address)
{
    for (guint i = 0; i < object->segments->len; i++) {
        const GElf_Phdr *segment = &g_array_index(object->segments, GElf_Phdr, i);
        if (segment->p_type == PT_LOAD && (segment->p_flags & PF_X) != 0 &&
            address >= segment->p_vaddr && address - segment->p_vaddr < segment->p_filesz)
            return TRUE;
    }
    return FALSE;
}

gboolean gate_object_is_variable(const GateObject *object, GElf_Addr address)
{
    gboolean writable = FALSE;
    for (guint i = 0; i < object->segments->len; i++) {
        const GElf_Phdr *segment = &g_array_index(object->segments, GElf_Phdr, i);
        GElf_Addr end = segment->p_vaddr + segment->p_memsz;
        gboolean meets = address < end && end - address < segment->p_memsz + POINTER;
        gboolean inside = address >= segment->p_vaddr && address < end && end - address >= POINTER;
        if (segment->p_type == PT_DYNAMIC && meets)
            return FALSE;
        writable |= inside && segment->p_type == PT_LOAD && (segment->p_flags & PF_W) != 0;
    }
    return writable;
}

typedef struct {
    GElf_Addr address;
    const char *name;
} Wanted;

static void match_function(const GElf_Sym *symbol, const char *name, gpointer data)
{
    Wanted *wanted = data;
    if (GELF_ST_TYPE(symbol->st_info) == STT_FUNC && symbol->st_shndx != SHN_UNDEF &&
        wanted->address >= symbol->st_value && wanted->address - symbol->st_value < symbol->st_size)
        wanted->name = name;
}

const char *gate_object_function_at(const GateObject *object, GElf_Addr address)
{
    Wanted wanted = {.address = address};
    gate_object_each_symbol(object, SHT_SYMTAB, match_function, &wanted);
    return wanted.name;
}
