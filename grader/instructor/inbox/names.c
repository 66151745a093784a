/* names.c: see names.h. */
#include "instructor/inbox/names.h"

#include <string.h>

#include "base/pattern.h"

void inbox_name_clear(InboxName *name)
{
    g_free(name->student);
    g_free(name->name);
    g_free(name->lms_id);
    g_free(name->attempt);
    g_free(name->file);
}

static gboolean parse_moodle(const char *text, InboxName *name)
{
    static GRegex *pattern;
    g_autoptr(GMatchInfo) match = NULL;
    if (!pattern_matches(&pattern,
                         "^(.+)_([0-9]{1,18})_assignsubmission_(?:file|onlinetext)_?(.*)$",
                         G_REGEX_DOTALL, text, &match))
        return FALSE;
    name->name = g_match_info_fetch(match, 1);
    name->lms_id = g_match_info_fetch(match, 2);
    name->file = g_match_info_fetch(match, 3);
    name->attempt = g_strdup("");
    return TRUE;
}

static gboolean parse_canvas(const char *text, InboxName *name)
{
    static GRegex *pattern;
    g_autoptr(GMatchInfo) match = NULL;
    if (!pattern_matches(&pattern, "^(.+?)_(LATE_)?([0-9]{1,18})_([0-9]{1,18})_(.+)$",
                         G_REGEX_DOTALL, text, &match))
        return FALSE;
    g_autofree char *late = g_match_info_fetch(match, 2);
    name->name = g_match_info_fetch(match, 1);
    name->late = *late != '\0';
    name->lms_id = g_match_info_fetch(match, 3);
    name->attempt = g_match_info_fetch(match, 4);
    name->file = g_match_info_fetch(match, 5);
    return TRUE;
}

gboolean inbox_name_parse(const char *text, InboxName *name)
{
    if (!g_utf8_validate(text, -1, NULL))
        return FALSE;
    if (!parse_moodle(text, name) && !parse_canvas(text, name))
        return FALSE;
    name->student = g_strconcat(name->name, "_", name->lms_id, NULL);
    return TRUE;
}

/* 2 if the text is "attention-2.c" and the file "attention.c"; 0 if it has no such number. */
static guint copy_number(const char *text, const char *file)
{
    const char *dot = strrchr(file, '.');
    gsize stem = (gsize)(dot - file);
    if (strncmp(text, file, stem) != 0 || text[stem] != '-')
        return 0;
    const char *digits = text + stem + 1;
    gsize length = strspn(digits, "0123456789");
    if (length == 0 || length > 6 || strcmp(digits + length, dot) != 0)
        return 0;
    return (guint)g_ascii_strtoull(digits, NULL, 10);
}

const char *inbox_name_file(const char *text, const GPtrArray *files, guint *copy)
{
    *copy = 0;
    for (guint i = 0; i < files->len; i++) {
        const char *file = files->pdata[i];
        *copy = copy_number(text, file);
        if (strcmp(text, file) == 0 || *copy > 0)
            return file;
    }
    return NULL;
}
