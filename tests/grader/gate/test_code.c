/* Tests of gate/code.h: bytes that no compiler writes, on both kinds of processor. */
#include <criterion/criterion.h>

#include "gate/code.h"

static GateCodeKind find(const void *code, gsize length, guint machine, gsize *offset)
{
    *offset = 0;
    return gate_code_next(code, length, machine, offset);
}

Test(gate_code, system_calls_at_any_offset)
{
    static const guint8 calls[][2] = {{0x0f, 0x05}, {0x0f, 0x34}, {0xcd, 0x80}};
    for (gsize i = 0; i < G_N_ELEMENTS(calls); i++)
        for (gsize at = 0; at < 7; at++) {
            guint8 code[8] = {0x90, 0x90, 0x90, 0x90, 0x90, 0x90, 0x90, 0x90};
            gsize found;
            code[at] = calls[i][0];
            code[at + 1] = calls[i][1];
            cr_expect_eq(find(code, sizeof code, EM_X86_64, &found), GATE_CODE_SYSTEM_CALL);
            cr_expect_eq(found, at);
        }
}

Test(gate_code, half_an_instruction_at_the_end_is_none)
{
    gsize found;
    cr_expect_eq(find("\x90\x0f", 2, EM_X86_64, &found), GATE_CODE_CLEAN);
    cr_expect_eq(found, 2);
    cr_expect_eq(find("", 0, EM_X86_64, &found), GATE_CODE_CLEAN);
}

Test(gate_code, valgrind_requests)
{
    static const char x86[] =
        "\x90\x48\xc1\xc7\x03\x48\xc1\xc7\x0d\x48\xc1\xc7\x3d\x48\xc1\xc7\x33";
    static const char arm[] = "\x8c\x0d\xcc\x93\x8c\x35\xcc\x93\x8c\xcd\xcc\x93\x8c\xf5\xcc\x93";
    gsize found;
    cr_expect_eq(find(x86, 17, EM_X86_64, &found), GATE_CODE_VALGRIND);
    cr_expect_eq(found, 1);
    cr_expect_eq(find(x86, 16, EM_X86_64, &found), GATE_CODE_CLEAN);
    cr_expect_eq(find(arm, 16, EM_AARCH64, &found), GATE_CODE_VALGRIND);
}

Test(gate_code, supervisor_calls_of_aarch64)
{
    gsize found;
    cr_expect_eq(find("\x1f\x20\x03\xd5\x01\x00\x00\xd4", 8, EM_AARCH64, &found),
                 GATE_CODE_SYSTEM_CALL);
    cr_expect_eq(found, 4);
    cr_expect_eq(find("\xe1\xff\x1f\xd4", 4, EM_AARCH64, &found), GATE_CODE_SYSTEM_CALL);
    cr_expect_eq(find("\x02\x00\x00\xd4", 4, EM_AARCH64, &found), GATE_CODE_CLEAN, "hvc");
    cr_expect_eq(find("\x00\x01\x00\x00\xd4\x00\x00\x00", 8, EM_AARCH64, &found), GATE_CODE_CLEAN,
                 "instructions are aligned");
}
