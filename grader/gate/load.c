#include "gate/load.h"

#if defined(__x86_64__)
#define HOST_RELATIVE R_X86_64_RELATIVE
#else
#define HOST_RELATIVE R_AARCH64_RELATIVE
#endif

/* The tables of relocations: either none, or just where a section of them is. */
static gboolean relocations_agree(const GateObject *object)
{
    static const GElf_Sxword tables[][2] = {{DT_RELA, DT_RELASZ}, {DT_JMPREL, DT_PLTRELSZ}};
    for (gsize i = 0; i < G_N_ELEMENTS(tables); i++) {
        GElf_Addr address = gate_object_dynamic(object, tables[i][0]);
        GElf_Xword size = gate_object_dynamic(object, tables[i][1]);
        if ((address != 0 || size != 0) && !gate_object_agrees(object, SHT_RELA, address, size))
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
             !gate_object_agrees(object, tables[i].type, address, header.sh_size)))
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

gboolean gate_tables_agree(const GateObject *object)
{
    GElf_Shdr symbols, strings;
    GElf_Addr address = gate_object_dynamic(object, DT_SYMTAB);
    if (address == 0 || gate_object_section(object, SHT_DYNSYM, address, &symbols) == NULL ||
        !gate_object_agrees(object, SHT_DYNSYM, address, symbols.sh_size) ||
        symbols.sh_entsize != sizeof(Elf64_Sym))
        return FALSE;
    Elf_Scn *names = elf_getscn(object->elf, symbols.sh_link);
    return names != NULL && gelf_getshdr(names, &strings) != NULL &&
           strings.sh_addr == gate_object_dynamic(object, DT_STRTAB) &&
           strings.sh_size == gate_object_dynamic(object, DT_STRSZ) &&
           gate_object_agrees(object, SHT_STRTAB, strings.sh_addr, strings.sh_size) &&
           relocations_agree(object) && lookups_agree(object) && tables_are_constant(object) &&
           relocations_fit(object, symbols.sh_size / symbols.sh_entsize);
}
