#include "gate/code.h"

#include <string.h>

#include "gate/load.h"

/* rol $3, rol $13, rol $61, rol $51, all of %rdi: together they change nothing (valgrind.h). */
static const guint8 x86_preamble[] = {0x48, 0xc1, 0xc7, 0x03, 0x48, 0xc1, 0xc7, 0x0d,
                                      0x48, 0xc1, 0xc7, 0x3d, 0x48, 0xc1, 0xc7, 0x33};

/* ror x12, x12 by 3, 13, 51 and 61. */
static const guint8 arm_preamble[] = {0x8c, 0x0d, 0xcc, 0x93, 0x8c, 0x35, 0xcc, 0x93,
                                      0x8c, 0xcd, 0xcc, 0x93, 0x8c, 0xf5, 0xcc, 0x93};

static gboolean starts_with(const guint8 *at, gsize left, const guint8 *bytes, gsize length)
{
    return left >= length && memcmp(at, bytes, length) == 0;
}

static GateCodeKind x86_at(const guint8 *at, gsize left)
{
    if (left >= 2 && at[0] == 0x0f && (at[1] == 0x05 || at[1] == 0x34))
        return GATE_CODE_SYSTEM_CALL;
    if (left >= 2 && at[0] == 0xcd && at[1] == 0x80)
        return GATE_CODE_SYSTEM_CALL;
    return starts_with(at, left, x86_preamble, sizeof x86_preamble) ? GATE_CODE_VALGRIND
                                                                    : GATE_CODE_CLEAN;
}

/* svc with any number: 0xd4000001, bits 5 to 20 are the number. */
static GateCodeKind arm_at(const guint8 *at, gsize left)
{
    if (left >= 4 && at[3] == 0xd4 && (at[2] & 0xe0) == 0 && (at[0] & 0x1f) == 0x01)
        return GATE_CODE_SYSTEM_CALL;
    return starts_with(at, left, arm_preamble, sizeof arm_preamble) ? GATE_CODE_VALGRIND
                                                                    : GATE_CODE_CLEAN;
}

GateCodeKind gate_code_next(const guint8 *code, gsize length, guint machine, gsize *offset)
{
    /* Instructions of aarch64 are aligned; those of x86-64 begin anywhere. */
    gsize step = machine == EM_AARCH64 ? 4 : 1;
    for (gsize at = *offset; at < length; at += step) {
        GateCodeKind kind =
            machine == EM_AARCH64 ? arm_at(code + at, length - at) : x86_at(code + at, length - at);
        if (kind == GATE_CODE_CLEAN)
            continue;
        *offset = at;
        return kind;
    }
    *offset = length;
    return GATE_CODE_CLEAN;
}

static gboolean has_calls(const GateCode *code, guint machine)
{
    gsize step = machine == EM_AARCH64 ? 4 : 1;
    for (gsize at = 0; at < code->length; at += step)
        if (gate_code_next(code->bytes, code->length, machine, &at) == GATE_CODE_SYSTEM_CALL)
            return TRUE;
    return FALSE;
}

gboolean gate_code_file_has_calls(const char *path)
{
    const char *why = NULL;
    g_autoptr(GateObject) object = gate_object_load(path, &why);
    if (object == NULL)
        return FALSE;
    g_autoptr(GArray) all = gate_object_code(object);
    for (guint i = 0; i < all->len; i++)
        if (has_calls(&g_array_index(all, GateCode, i), object->header.e_machine))
            return TRUE;
    return FALSE;
}
