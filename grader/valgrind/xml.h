/*
 * xml.h: read what memcheck writes with --xml=yes (protocol 4), and the sentences in it.
 *
 * The bytes are untrusted: student code ran in the process that wrote them. Reading never fails;
 * it gives what could be understood, in the order in which it happened, bounded in number and size,
 * and says whether the document was complete. All strings are valid UTF-8 and otherwise unchecked.
 *
 * With --xml-fd a forked process goes on in the document of its parent.
 */
#pragma once

#include <glib.h>

typedef enum {
    VALGRIND_ERROR,        /* one error or leak */
    VALGRIND_MESSAGE,      /* the text of a VALGRIND_PRINTF */
    VALGRIND_FATAL_SIGNAL, /* the signal that ended the process */
} ValgrindEventType;

typedef struct {
    char *object;   /* path of the program or library; NULL if not known */
    char *function; /* NULL if not known */
    char *file;     /* base name as the debug information has it, NULL if not known */
    guint line;     /* 0 if not known */
} ValgrindFrame;

typedef struct {
    char *what;        /* "Address 0x4a42107 is 0 bytes after a block of size 7 alloc'd" */
    GPtrArray *frames; /* ValgrindFrame, innermost first; may be empty */
} ValgrindStack;

typedef struct {
    ValgrindEventType type;
    char *kind;        /* of an error "InvalidRead"; of a signal "SIGSEGV"; of a message NULL */
    char *text;        /* of a message; of a signal the address that was touched; or NULL */
    GPtrArray *stacks; /* ValgrindStack: where it happened, then what Valgrind adds to explain it;
                          may be empty */
    gboolean at_exit;  /* reported when the process had ended */
} ValgrindEvent;

typedef struct {
    gint64 pid;
    GPtrArray *events; /* ValgrindEvent */
    char *incomplete;  /* why this is not one whole document of memcheck; NULL if it is */
} ValgrindDocument;

ValgrindDocument *valgrind_document_read(const char *bytes, gsize length);
void valgrind_document_free(ValgrindDocument *document);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(ValgrindDocument, valgrind_document_free)

/* Is the event a leak, that is, about blocks to which nothing points? */
gboolean valgrind_event_is_leak(const ValgrindEvent *event);

/* Is it a note on retained blocks, to which or into which something still points? */
gboolean valgrind_event_is_retained(const ValgrindEvent *event);

/* The stack in which an event happened; NULL if it has none. */
const ValgrindStack *valgrind_event_stack(const ValgrindEvent *event);

/* A copy of the sentence over its n-th stack, with 1024 for "1,024"; NULL if there is none. */
char *valgrind_event_sentence(const ValgrindEvent *event, guint n);

/* What the second sentence of an event says about the address that was used. */
typedef struct {
    gboolean known;            /* there is such a sentence */
    unsigned long long at;     /* the address */
    char relation[12];         /* "after", "before" or "inside" a block; else empty */
    unsigned long long offset; /* how far */
    unsigned long long size;   /* of the block */
    gboolean freed;            /* the block is free */
    gboolean stack;            /* the address is on the stack */
} ValgrindAddress;

ValgrindAddress valgrind_event_address(const ValgrindEvent *event);

/*
 * How much more there is of the blocks that a leak, or a note on retained blocks, is about than
 * there was at the search for leaks before.
 */
typedef struct {
    gint64 bytes, blocks;
} ValgrindGrowth;

ValgrindGrowth valgrind_event_growth(const ValgrindEvent *event);
