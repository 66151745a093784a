/* sandbox.c: `grader sandbox`: what holds of the sandbox on this machine. */
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "commands/command.h"
#include "grade.h"

typedef struct {
    const Sandbox *sandbox;
    const Rubric *rubric;
    GPtrArray *layers;     /* SandboxLayer */
    const GError *failure; /* why it does not hold what the rubric asks for, or NULL */
} Findings;

static const char *required_word(RubricSandbox required)
{
    static const char *const words[] = {
        [REQUIRE_NOTHING] = "nothing", [REQUIRE_LAYERS] = "layers", [REQUIRE_FULL] = "full"};
    return words[required];
}

static void print_text(const Findings *findings)
{
    const char *fix = sandbox_fix(findings->sandbox);
    for (guint i = 0; i < findings->layers->len; i++) {
        const SandboxLayer *layer = g_ptr_array_index(findings->layers, i);
        if (layer->reason)
            printf("%-12s%-13s%s\n", layer->name, layer->state, layer->reason);
        else
            printf("%-12s%s\n", layer->name, layer->state);
    }
    if (fix)
        printf("\nfor more, run: %s\n", fix);
    if (!findings->failure)
        printf("\nit holds what the rubric asks for: %s\n",
               required_word(findings->rubric->sandbox));
}

static void print_json(const Findings *findings)
{
    json_t *layers = json_array();
    for (guint i = 0; i < findings->layers->len; i++) {
        const SandboxLayer *layer = g_ptr_array_index(findings->layers, i);
        json_array_append_new(layers, json_pack("{s:s, s:s, s:s?}", "name", layer->name, "state",
                                                layer->state, "reason", layer->reason));
    }
    json_t *object = json_pack("{s:o, s:s, s:b, s:s?}", "layers", layers, "required",
                               required_word(findings->rubric->sandbox), "holds",
                               findings->failure == NULL, "fix", sandbox_fix(findings->sandbox));
    json_dumpf(object, stdout, JSON_INDENT(2));
    putchar('\n');
    json_decref(object);
}

/* `json` tells the format that was asked for. */
static gboolean parse(int *argc, char ***argv, gboolean *json, GError **error)
{
    g_autofree char *format = NULL;
    const GOptionEntry entries[] = {
        {"format", 'f', 0, G_OPTION_ARG_STRING, &format, "text (default), or json", "FORMAT"},
        G_OPTION_ENTRY_NULL};
    g_autoptr(GOptionContext) context = g_option_context_new(NULL);
    g_set_prgname("grader sandbox");
    g_option_context_set_summary(
        context, "Try what a submission must not do, and say for each layer of the sandbox\n"
                 "whether it is enforced here. Exit status 3 if the rubric asks for more.");
    g_option_context_add_main_entries(context, entries, NULL);
    gboolean parsed = g_option_context_parse(context, argc, argv, error);
    *json = format && strcmp(format, "json") == 0;
    if (parsed && *argc == 1 && (!format || *json || strcmp(format, "text") == 0))
        return TRUE;
    if (parsed)
        g_set_error(error, GRADER_ERROR, GRADER_ERROR_USAGE,
                    "sandbox takes no argument but --format text or --format json");
    return FALSE;
}

static int run_sandbox(int argc, char **argv, GError **error)
{
    g_autoptr(Kit) kit = NULL;
    g_autoptr(Rubric) rubric = NULL;
    g_autoptr(Sandbox) sandbox = NULL;
    gboolean json = FALSE;
    if (!parse(&argc, &argv, &json, error))
        return EXIT_USAGE;
    if (!(kit = kit_find(error)))
        return EXIT_OWN_FAULT;
    g_autofree char *path = g_build_filename(kit->root, "rubric.yaml", NULL);
    if (!(rubric = rubric_load(path, error)) ||
        !(sandbox = sandbox_open(kit->libexec, &rubric->limits, error)))
        return EXIT_OWN_FAULT;
    g_autoptr(GError) failure = NULL;
    g_autoptr(GPtrArray) layers = sandbox_layers(sandbox);
    sandbox_require(sandbox, rubric->sandbox, &failure);
    const Findings findings = {sandbox, rubric, layers, failure};
    if (json)
        print_json(&findings);
    else
        print_text(&findings);
    if (!failure)
        return EXIT_FULL_MARKS;
    g_propagate_error(error, g_steal_pointer(&failure));
    return EXIT_OWN_FAULT;
}

const Command command_sandbox = {"sandbox", "", "show what the sandbox enforces on this machine",
                                 run_sandbox};
