/*
 * code.h: search machine code for what no C compiler writes.
 *
 * Raw system calls are searched at every offset and not only where an instruction seems to begin:
 * a jump into the middle of an instruction would execute it. In honest code the two bytes of one
 * occur by chance, in about one submission of a hundred, nearly always as the distance of a jump
 * or of a call; so the build lays the code out differently when it meets them, and only what is
 * there in every layout is refused. What remains are constants: code that contains the number 1295
 * (0x50f) as an operand can look like a system call, and is told so.
 */
#pragma once

#include "gate/object.h"

typedef enum {
    GATE_CODE_CLEAN,
    GATE_CODE_SYSTEM_CALL, /* syscall, sysenter, int 0x80; svc */
    GATE_CODE_VALGRIND,    /* the preamble of a client request */
} GateCodeKind;

/* What is at or after *offset, first of its kind; *offset becomes its place. */
GateCodeKind gate_code_next(const guint8 *code, gsize length, guint machine, gsize *offset);

/* Does an object have a raw system call in its code? FALSE if it cannot be read. */
gboolean gate_code_file_has_calls(const char *path);
