/*
 * parts.h: what text.c and items.c share; nobody else needs it.
 */
#pragma once

#include "report/text.h"

/* Columns: where the tag of a test stands, and where what is said about it begins. */
enum { COLUMN_TAG = 7, COLUMN_BODY = 12 };

typedef enum { PLAIN, RED, GREEN, YELLOW, CYAN, DIM, BOLD } Colour;

typedef struct {
    GString *out;
    const Result *result;
    const ReportStyle *style;
} Report;

/* Append a word of our own in a colour. */
void report_paint(Report *report, Colour colour, const char *word);

/*
 * One paragraph: `indent` blanks, the painted tag, a blank, then the untrusted text, wrapped so that
 * its further lines begin at `hang`.
 */
void report_paragraph(Report *report, guint indent, Colour colour, const char *tag, guint hang,
                      const char *text);

/* A line of the student's file: "            57 |     code", cut to the width. */
void report_source(Report *report, guint line, const char *source);

/* All items with their points, tests and memory findings. */
void report_items(Report *report);

/* Append "10/10", with its slash under those of the other lines. */
void report_points(Report *report, double points, double max, Colour colour);
