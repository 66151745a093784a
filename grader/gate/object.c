#include "gate/object.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "gate/load.h"

enum {
    FILE_LIMIT = 32 * 1024 * 1024,
    SEGMENTS_LIMIT = 32,
    DYNAMIC_LIMIT = 256,
    PAGE = 4096, /* the least that the loader maps; see gate_object_code() */
    POINTER = 8, /* bytes that a relocation changes */
};

#if defined(__x86_64__)
#define HOST_MACHINE EM_X86_64
#elif defined(__aarch64__)
#define HOST_MACHINE EM_AARCH64
#else
#error "the gate knows the machine code of x86-64 and of aarch64 only"
#endif

/* ---- reading the file ---------------------------------------------------------------------------
 */

static gboolean read_fully(int fd, char *bytes, gsize length)
{
    for (gsize done = 0; done < length;) {
        ssize_t n = read(fd, bytes + done, length - done);
        if (n <= 0)
            return FALSE;
        done += (gsize)n;
    }
    return TRUE;
}

static gboolean read_object(GateObject *object, const char *path, const char **why)
{
    int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    struct stat info;
    gboolean regular = fd >= 0 && fstat(fd, &info) == 0 && S_ISREG(info.st_mode);
    gboolean ok = FALSE;
    if (!regular || info.st_size < (off_t)sizeof(Elf64_Ehdr)) {
        *why = "it is no object file";
    } else if (info.st_size > FILE_LIMIT) {
        *why = "it is larger than 32 MiB: a table of absurd size?";
    } else {
        object->length = (gsize)info.st_size;
        object->bytes = g_malloc(object->length);
        ok = read_fully(fd, object->bytes, object->length);
        *why = ok ? NULL : "it cannot be read";
    }
    if (fd >= 0)
        close(fd);
    return ok;
}

static gboolean read_header(GateObject *object, const char **why)
{
    elf_version(EV_CURRENT);
    object->elf = elf_memory(object->bytes, object->length);
    if (object->elf == NULL || elf_kind(object->elf) != ELF_K_ELF ||
        gelf_getehdr(object->elf, &object->header) == NULL) {
        *why = "it is no object file";
        return FALSE;
    }
    const GElf_Ehdr *header = &object->header;
    if (header->e_ident[EI_CLASS] != ELFCLASS64 || header->e_ident[EI_DATA] != ELFDATA2LSB ||
        header->e_machine != HOST_MACHINE || header->e_type != ET_DYN) {
        *why = "it is no shared object for this machine";
        return FALSE;
    }
    return TRUE;
}

/* ---- segments -----------------------------------------------------------------------------------
 */

static gboolean in_file(const GateObject *object, guint64 offset, guint64 length)
{
    return offset <= object->length && length <= object->length - offset;
}

static gboolean read_segments(GateObject *object, const char **why)
{
    size_t n = 0;
    *why = "its segments are malformed";
    if (elf_getphdrnum(object->elf, &n) != 0 || n == 0 || n > SEGMENTS_LIMIT)
        return FALSE;
    for (size_t i = 0; i < n; i++) {
        GElf_Phdr segment;
        if (gelf_getphdr(object->elf, (int)i, &segment) == NULL ||
            !in_file(object, segment.p_offset, segment.p_filesz) ||
            segment.p_vaddr + segment.p_memsz < segment.p_vaddr ||
            (segment.p_type == PT_LOAD && segment.p_memsz < segment.p_filesz))
            return FALSE;
        g_array_append_val(object->segments, segment);
    }
    *why = NULL;
    return TRUE;
}

/* The place in the file of what will be at an address, if `length` bytes of it are there. */
static gboolean offset_of(const GateObject *object, GElf_Addr address, guint64 length,
                          guint64 *offset)
{
    for (guint i = 0; i < object->segments->len; i++) {
        const GElf_Phdr *segment = &g_array_index(object->segments, GElf_Phdr, i);
        guint64 into = address - segment->p_vaddr;
        if (segment->p_type != PT_LOAD || address < segment->p_vaddr || into > segment->p_filesz ||
            length > segment->p_filesz - into)
            continue;
        *offset = segment->p_offset + into;
        return TRUE;
    }
    return FALSE;
}

/* ---- sections, and that they agree with what the loader reads -----------------------------------
 */

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

gboolean gate_object_agrees(const GateObject *object, GElf_Word type, GElf_Addr address,
                            guint64 size)
{
    GElf_Shdr header;
    guint64 offset = 0;
    Elf_Scn *section = gate_object_section(object, type, address, &header);
    const Elf_Data *data = section != NULL ? elf_getdata(section, NULL) : NULL;
    return data != NULL && data->d_size == size && header.sh_size == size &&
           offset_of(object, address, size, &offset) && offset == header.sh_offset;
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

/* The loader goes by the last of several entries, we by the first: there may be but one. */
static gboolean may_follow(const GateObject *object, GElf_Sxword tag)
{
    if (tag == DT_NEEDED)
        return TRUE;
    for (guint i = 0; i < object->dynamic->len; i++)
        if (g_array_index(object->dynamic, GElf_Dyn, i).d_tag == tag)
            return FALSE;
    return TRUE;
}

/*
 * Entries up to the first DT_NULL, behind which the linker leaves a few more of them. Anything else
 * there is its own table, and what came first is one that the submission brought along.
 */
static gboolean read_entries(GateObject *object, Elf_Data *data)
{
    gboolean ended = FALSE;
    GElf_Dyn entry;
    for (int i = 0; data != NULL && gelf_getdyn(data, i, &entry) != NULL; i++) {
        gboolean is_end = entry.d_tag == DT_NULL;
        if (i == DYNAMIC_LIMIT || (ended && !is_end) ||
            (!is_end && !may_follow(object, entry.d_tag)))
            return FALSE;
        if (!is_end)
            g_array_append_val(object->dynamic, entry);
        ended |= is_end;
    }
    return ended;
}

/* The dynamic segment, and the section of the same bytes. */
static gboolean read_dynamic(GateObject *object)
{
    const GElf_Phdr *segment = NULL;
    for (guint i = 0; i < object->segments->len; i++) {
        const GElf_Phdr *each = &g_array_index(object->segments, GElf_Phdr, i);
        if (each->p_type != PT_DYNAMIC)
            continue;
        if (segment != NULL)
            return FALSE;
        segment = each;
    }
    GElf_Shdr header;
    Elf_Scn *section = gate_object_section(object, SHT_DYNAMIC, 0, &header);
    if (segment == NULL || section == NULL || header.sh_offset != segment->p_offset ||
        header.sh_size != segment->p_filesz || header.sh_addr != segment->p_vaddr ||
        !gate_object_agrees(object, SHT_DYNAMIC, header.sh_addr, header.sh_size))
        return FALSE;

    return read_entries(object, elf_getdata(section, NULL));
}

/* ---- life cycle ---------------------------------------------------------------------------------
 */

static gboolean read_all(GateObject *object, const char *path, const char **why)
{
    if (!read_object(object, path, why) || !read_header(object, why) || !read_segments(object, why))
        return FALSE;
    if (read_dynamic(object) && gate_tables_agree(object))
        return TRUE;
    *why = "its tables contradict each other";
    return FALSE;
}

GateObject *gate_object_load(const char *path, const char **why)
{
    GateObject *object = g_new0(GateObject, 1);
    object->segments = g_array_new(FALSE, FALSE, sizeof(GElf_Phdr));
    object->dynamic = g_array_new(FALSE, FALSE, sizeof(GElf_Dyn));
    if (read_all(object, path, why))
        return object;
    gate_object_free(object);
    return NULL;
}

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

/* ---- what is in it ------------------------------------------------------------------------------
 */

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
