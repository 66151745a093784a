/*
 * requests.h: all that this program asks of Valgrind.
 *
 * Student code can call these functions too, and jump into them. The grader sees each jump into the
 * middle of one (valgrind/jumps.h) if a straight line leads from its beginning to the request, so
 * each is only that. Called from the beginning, none of them helps student code: there is none that
 * calls what is passed to it, or that takes an error back.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* From now on log each system call (valgrind/log.h), or where code begins that is new. */
void request_log_calls(void);
void request_log_code(void);

/* Put a line into Valgrind's report. */
void request_say(const char *text);

/* How many errors there were, leaks not included. */
unsigned request_count_errors(void);

/* Report what was lost since the last time; and, once asked to, what is retained since then. */
void request_find_leaks(void);
void request_report_retained(void);

/* The same, and of what there is less now. */
void request_find_changes(void);

/* Report the first element that is undefined, if one is; returns whether that is so. */
bool request_is_undefined(const void *bytes, size_t length);

/* Nothing may use these bytes any more, and nothing is looked for in them. */
void request_hide(const void *bytes, size_t length);

/* `size` writable bytes, of which those that are `initialised` were `fresh`, and the others 0. */
typedef struct {
    unsigned char *writable, *fresh;
    size_t size, initialised;
} RequestVariables;

/* Are they now something else? Undefined ones are no error. */
bool request_has_changed(const RequestVariables *variables);

/* The first page of them from `from` on, in steps of a page, that has no content; or their end. */
size_t request_find_empty(const RequestVariables *variables, size_t from);

/* Is there memory from this page on? For calls_settings: Valgrind logs nothing of it. */
bool request_is_mapped(void *page, size_t bytes);
