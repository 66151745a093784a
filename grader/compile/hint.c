#include "compile/diagnostics.h"

#include <string.h>

/* What gcc says to beginners, and what helps; the first entry that fits. */
static const struct {
    const char *part, *hint;
} hints[] = {
    {"unknown type name 'Tensor'", "start the file with #include \"attention.h\""},
    {"unknown type name 'AttentionResult'", "start the file with #include \"attention.h\""},
    {"unknown type name 'SelfAttention'", "start the file with #include \"attention.h\""},
    {"unknown type name 'bool'", "#include <stdbool.h>"},
    {"unknown type name 'size_t'", "#include <stddef.h>"},
    {"expected ',' or ';'", "a semicolon is missing, often at the end of the line before"},
    {"expected ';'", "a semicolon is missing, often at the end of the line before"},
    {"expected declaration or statement at end of input", "a closing } is missing somewhere above"},
    {"expected identifier or '('", "look at the line before: a { too few or a } too many?"},
    {"conflicting types for", "copy the declaration from the header, or choose another name"},
    {"redeclared as different kind", "a header has this name already: choose another"},
    {"static declaration of", "a function of the header cannot be static: drop `static`"},
    {"redefinition of", "it is defined twice: rename or remove one"},
    {"implicit declaration of function", "include its header, define it above, or check its name"},
    {"undeclared", "declare it before its first use, or check the spelling"},
    {"No such file or directory",
     "only the C library's headers, attention.h and tensor.h are here"},
    {"too few arguments to function", "compare the call with the function's declaration"},
    {"too many arguments to function", "compare the call with the function's declaration"},
    {"discards 'const'", "inputs must not be changed: work on a tensor_copy()"},
    {"read-only se", "remove the assembly or the section attribute"}, /* "segment" of the linker */
    {"read-only", "inputs must not be changed: work on a tensor_copy()"},
    {"has no member named", "a Tensor has ndim, shape, size and data"},
    {"is a pointer; did you mean to use '->'", "use -> after a pointer, . after a struct"},
    {"with no value, in function returning non-void", "return a value on every path"},
    {"returns address of local variable",
     "it is gone when the function returns: tensor_create() or malloc()"},
    {"reaches end of non-void function", "return a value on every path"},
    {"uninitialized", "give it a value, such as 0, where you declare it"},
    {"stray '\\32'", "a Ctrl-Z that an old editor left at the end of the file: delete it"},
    {"stray '\\",
     "a character that is no C, such as curly quotes or a special blank from a document"},
    {"#include expects", "plain quotes, not curly ones: #include \"attention.h\""},
    {"nested too deeply", "a file that includes itself?"},
    {"lvalue required", "what is left of = must be something that can be stored in"},
    {"incompatible types when", "compare the two types: one is a struct, the other a pointer?"},
    {"incompatible pointer type", "compare the two types that the message names"},
    {"trampoline generated", "define each function at the top level, not inside of another one"},
    {"out of memory allocating", "an array, a macro or an expression of absurd size?"},
    {"CPU time limit exceeded", "a file that includes itself, or a macro of absurd size?"},
    {"terminated program", "an array, a macro or an expression of absurd size?"},
    {"undefined reference", "it is used, but nowhere defined"},
};

const char *diagnostics_hint(const char *message)
{
    for (gsize i = 0; i < G_N_ELEMENTS(hints); i++)
        if (strstr(message, hints[i].part) != NULL)
            return hints[i].hint;
    return NULL;
}
