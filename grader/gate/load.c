#include "gate/load.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/files.h"

enum {
    FILE_LIMIT = 32 * 1024 * 1024,
    SEGMENTS_LIMIT = 32,
    DYNAMIC_LIMIT = 256,
};

#if defined(__x86_64__)
#define HOST_MACHINE EM_X86_64
#define HOST_RELATIVE R_X86_64_RELATIVE
#elif defined(__aarch64__)
#define HOST_MACHINE EM_AARCH64
#define HOST_RELATIVE R_AARCH64_RELATIVE
#else
#error "the gate knows the machine code of x86-64 and of aarch64 only"
#endif

/* ---- reading the file ------------------------------------------------------------------------ */

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
    files_autofd int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
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

/* ---- segments -------------------------------------------------------------------------------- */

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

/* ---- do libelf and the loader read the same tables? ------------------------------------------ */

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

/*
 * Is there exactly this section where the loader will look? libelf gives no data at all of a table
 * that ends within an entry; the loader reads it.
 */
static gboolean agrees(const GateObject *object, GElf_Word type, GElf_Addr address, guint64 size)
{
    GElf_Shdr header;
    guint64 offset = 0;
    Elf_Scn *section = gate_object_section(object, type, address, &header);
    const Elf_Data *data = section != NULL ? elf_getdata(section, NULL) : NULL;
    return data != NULL && data->d_size == size && header.sh_size == size &&
           offset_of(object, address, size, &offset) && offset == header.sh_offset;
}

/* ---- the dynamic table ----------------------------------------------------------------------- */

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
        !agrees(object, SHT_DYNAMIC, header.sh_addr, header.sh_size))
        return FALSE;

    return read_entries(object, elf_getdata(section, NULL));
}

/* ---- the tables that it leads to ------------------------------------------------------------- */

/* The tables of relocations: either none, or just where a section of them is. */
static gboolean relocations_agree(const GateObject *object)
{
    static const GElf_Sxword tables[][2] = {{DT_RELA, DT_RELASZ}, {DT_JMPREL, DT_PLTRELSZ}};
    for (gsize i = 0; i < G_N_ELEMENTS(tables); i++) {
        GElf_Addr address = gate_object_dynamic(object, tables[i][0]);
        GElf_Xword size = gate_object_dynamic(object, tables[i][1]);
        if ((address != 0 || size != 0) && !agrees(object, SHT_RELA, address, size))
            return FALSE;
    }
    return TRUE;
}

typedef struct {
    guint64 n_symbols;  /* in the table of symbols */
    guint64 n_relative; /* so many of the first relocations the loader takes for relative ones */
    guint64 n_seen;
    gboolean agree;
} Relocations;

/* A symbol behind the table is one that the loader would find, and that nobody has judged. */
static void check_relocation(const GElf_Rela *relocation, gpointer data)
{
    Relocations *all = data;
    gboolean relative = GELF_R_TYPE(relocation->r_info) == HOST_RELATIVE;
    if (GELF_R_SYM(relocation->r_info) >= all->n_symbols ||
        (all->n_seen < all->n_relative && !relative))
        all->agree = FALSE;
    all->n_seen++;
}

static gboolean relocations_fit(const GateObject *object, guint64 n_symbols)
{
    Relocations all = {.n_symbols = n_symbols,
                       .n_relative = gate_object_dynamic(object, DT_RELACOUNT),
                       .agree = TRUE};
    gate_object_each_relocation(object, check_relocation, &all);
    return all.agree && all.n_relative <= all.n_seen;
}

/*
 * What else the loader reads lies at the start of a section of its kind. It believes its table of
 * names: an entry there may lead to a symbol behind the table of symbols, which nobody has judged.
 */
static gboolean lookups_agree(const GateObject *object)
{
    static const struct {
        GElf_Sxword tag;
        GElf_Word type;
    } tables[] = {{DT_GNU_HASH, SHT_GNU_HASH},
                  {DT_HASH, SHT_HASH},
                  {DT_VERSYM, SHT_GNU_versym},
                  {DT_VERNEED, SHT_GNU_verneed}};
    for (gsize i = 0; i < G_N_ELEMENTS(tables); i++) {
        GElf_Addr address = gate_object_dynamic(object, tables[i].tag);
        GElf_Shdr header;
        if (address != 0 &&
            (gate_object_section(object, tables[i].type, address, &header) == NULL ||
             !agrees(object, tables[i].type, address, header.sh_size)))
            return FALSE;
    }
    return TRUE;
}

/* In variables they could be changed by the first relocations, for those that follow. */
static gboolean tables_are_constant(const GateObject *object)
{
    static const GElf_Sxword tables[] = {DT_GNU_HASH, DT_HASH,    DT_SYMTAB, DT_STRTAB,
                                         DT_VERSYM,   DT_VERNEED, DT_RELA,   DT_JMPREL};
    for (gsize i = 0; i < G_N_ELEMENTS(tables); i++)
        if (gate_object_is_variable(object, gate_object_dynamic(object, tables[i])))
            return FALSE;
    return TRUE;
}

static gboolean tables_agree(const GateObject *object)
{
    GElf_Shdr symbols, strings;
    GElf_Addr address = gate_object_dynamic(object, DT_SYMTAB);
    if (address == 0 || gate_object_section(object, SHT_DYNSYM, address, &symbols) == NULL ||
        !agrees(object, SHT_DYNSYM, address, symbols.sh_size) ||
        symbols.sh_entsize != sizeof(Elf64_Sym))
        return FALSE;
    Elf_Scn *names = elf_getscn(object->elf, symbols.sh_link);
    return names != NULL && gelf_getshdr(names, &strings) != NULL &&
           strings.sh_addr == gate_object_dynamic(object, DT_STRTAB) &&
           strings.sh_size == gate_object_dynamic(object, DT_STRSZ) &&
           agrees(object, SHT_STRTAB, strings.sh_addr, strings.sh_size) &&
           relocations_agree(object) && lookups_agree(object) && tables_are_constant(object) &&
           relocations_fit(object, symbols.sh_size / symbols.sh_entsize);
}

/* ---- all of it ------------------------------------------------------------------------------- */

static gboolean read_all(GateObject *object, const char *path, const char **why)
{
    if (!read_object(object, path, why) || !read_header(object, why) || !read_segments(object, why))
        return FALSE;
    if (read_dynamic(object) && tables_agree(object))
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
