/*
 * heatmap.h: attention weights that a student's code computed, as an SVG file and as blocks in a
 * terminal: a heat map of each matrix, and how the first and the last position of the first one
 * spread their attention.
 */
#pragma once

#include "run/call_log.h"

/* Positions, of queries or keys, that still can be seen. */
#define PICTURE_LIMIT 16

typedef struct {
    const char *title; /* "full", "causal", "masked" */
    Tensor *weights;   /* of two axes, neither longer than the limit; any values */
} PicturePanel;

/* What can be drawn of the calls of a test, as PicturePanel *, in the order of the calls. */
GPtrArray *picture_panels(const CallLog *log);

/* A whole SVG document. There is at least one panel. */
char *picture_svg(const GPtrArray *panels);

/* Lines for a terminal: with block characters, or in ASCII where it has none. */
char *picture_text(const GPtrArray *panels, gboolean blocks);
