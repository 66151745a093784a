/* sandbox.c: `grader sandbox`: what holds of the sandbox on this machine. */
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "commands/command.h"
#include "workbench.h"

typedef struct {
    const Sandbox *sandbox;
    const char *required;  /* what the rubric asks for */
    const GError *failure; /* why that does not hold, or NULL */
    GPtrArray *layers;     /* SandboxLayer */
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
        printf("\nit holds what the rubric asks for: %s\n", findings->required);
}

static void print_json(const Findings *findings)
{
    json_t *layers = json_array();
    for (guint i = 0; i < findings->layers->len; i++) {
        const SandboxLayer *layer = g_ptr_array_index(findings->layers, i);
        json_array_append_new(layers, json_pack("{s:s, s:s, s:s?}", "name", layer->name, "state",
                                                layer->state, "reason", layer->reason));
    }
    json_t *object =
        json_pack("{s:o, s:s, s:b, s:s?}", "layers", layers, "required", findings->required,
                  "holds", findings->failure == NULL, "fix", sandbox_fix(findings->sandbox));
    json_dumpf(object, stdout, JSON_INDENT(2));
    putchar('\n');
    json_decref(object);
}

/* `json` becomes TRUE if that is the format that was asked for. */
static gboolean parse(int *argc, char ***argv, gboolean *json, GError **error)
{
    g_autofree char *format = NULL;
    const GOptionEntry entries[] = {
        {"format", 'f', 0, G_OPTION_ARG_STRING, &format, "text (default), or json", "FORMAT"},
        G_OPTION_ENTRY_NULL};
    const CommandLine line = {
        .summary = "Try what a submission must not do, and say for each layer of the sandbox\n"
                   "whether it is enforced here. Exit status 3 if the rubric asks for more.",
        .own = entries};
    gboolean parsed = command_parse(&line, argc, argv, error);
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
    gboolean json = FALSE;
    if (!parse(&argc, &argv, &json, error))
        return EXIT_USAGE;
    g_autoptr(Workbench) bench = workbench_open(NULL, NULL, error);
    if (bench == NULL)
        return EXIT_OWN_FAULT;
    g_autoptr(GError) failure = NULL;
    g_autoptr(GPtrArray) layers = sandbox_layers(bench->sandbox);
    sandbox_require(bench->sandbox, bench->rubric->sandbox, &failure);
    const Findings findings = {bench->sandbox, required_word(bench->rubric->sandbox), failure,
                               layers};
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
