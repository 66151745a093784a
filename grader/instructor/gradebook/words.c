/* words.c: see words.h. */
#include "instructor/gradebook/words.h"

#include <string.h>

#include "result/words.h"

char *grade_sum(const Grade *grade)
{
    if (!grade->graded)
        return g_strdup(grade->record != 0 ? "none yet: ungraded" : "none: nothing handed in");
    g_autofree char *final = words_points(grade->final);
    g_autofree char *max = words_points(grade->max_score);
    g_autofree char *score = words_points(grade->score);
    g_autoptr(GString) text = g_string_new(NULL);
    g_string_append_printf(text, "%s of %s", final, max);
    if (grade->extra == 0 && grade->late_penalty == 0 && !grade->adjusted)
        return g_string_free(g_steal_pointer(&text), FALSE);
    g_string_append_printf(text, " = %s earned", score);
    if (grade->extra > 0)
        g_string_append_printf(text, " + %.10g extra", grade->extra);
    if (grade->late_penalty > 0)
        g_string_append_printf(text, " - %.10g for %u day%s late", grade->late_penalty,
                               grade->days_late, grade->days_late == 1 ? "" : "s");
    if (grade->adjusted)
        g_string_append_printf(text, " %c %.10g adjusted", grade->adjustment < 0 ? '-' : '+',
                               ABS(grade->adjustment));
    return g_string_free(g_steal_pointer(&text), FALSE);
}

void grade_split_name(const char *name, char **first, char **last)
{
    const char *comma = strchr(name, ',');
    const char *blank = strrchr(name, ' ');
    if (comma != NULL) {
        *last = g_strstrip(g_strndup(name, (gsize)(comma - name)));
        *first = g_strstrip(g_strdup(comma + 1));
        return;
    }
    *first = blank != NULL ? g_strndup(name, (gsize)(blank - name)) : g_strdup("");
    *last = g_strdup(blank != NULL ? blank + 1 : name);
}
