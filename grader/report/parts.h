/*
 * parts.h: a report for a terminal while it is made, and the pieces that text.c and items.c make it
 * of. Each piece is appended to `out`.
 */
#pragma once

#include "report/style.h"
#include "result/result.h"

/* Columns: where the tag of a test stands, and where what is said about it begins. */
enum { COLUMN_TAG = 7, COLUMN_BODY = 12 };

typedef enum { PLAIN, RED, GREEN, YELLOW, CYAN, DIM, BOLD } Colour;

typedef struct {
    GString *out;
    const Result *result;
    const ReportStyle *style;
} Report;

/* A word of our own in a colour. */
void report_paint(Report *report, Colour colour, const char *word);

/*
 * One paragraph: `indent` blanks, the painted tag, a blank, then the untrusted text, wrapped so that
 * its further lines begin at `hang`.
 */
void report_add_paragraph(Report *report, guint indent, Colour colour, const char *tag, guint hang,
                          const char *text);

/* "hint: ..." below what is wrong, unless the hint is NULL. */
void report_add_hint(Report *report, const char *hint);

/* A line of the student's file: "            57 |     code", cut to the width. */
void report_add_source(Report *report, guint line, const char *source);

/* "10/10", with its slash under those of the other lines. */
void report_add_points(Report *report, double points, double max, Colour colour);

/* A tag in a quiet colour and a text, below the items. */
void report_add_note(Report *report, const char *tag, const char *text);
