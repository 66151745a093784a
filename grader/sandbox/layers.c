/* layers.c: what of the sandbox holds, in words; and whether that is enough. */
#include <string.h>

#include "base/error.h"
#include "inside/confine/landlock.h"
#include "sandbox/parts.h"

const char *const sandbox_layer_names[LAYERS] = {"namespaces", "landlock", "seccomp", "limits",
                                                 "cgroup"};
static const char *const layer_states[] = {"enforced", "unavailable", "off"};

gboolean sandbox_layer_holds(const Sandbox *sandbox, LayerId layer)
{
    return sandbox->layers[layer].state == LAYER_ENFORCED;
}

void sandbox_set_layer(Sandbox *sandbox, LayerId id, LayerState state, const char *reason,
                       const char *fix)
{
    Layer *layer = &sandbox->layers[id];
    g_free(layer->reason);
    g_free(layer->fix);
    *layer = (Layer){.state = state, .reason = g_strdup(reason), .fix = g_strdup(fix)};
}

GPtrArray *sandbox_layers(const Sandbox *sandbox)
{
    GPtrArray *layers = g_ptr_array_new_with_free_func((GDestroyNotify)sandbox_layer_free);
    for (int layer = 0; layer < LAYERS; layer++)
        g_ptr_array_add(layers, sandbox_layer_new(sandbox_layer_names[layer],
                                                  layer_states[sandbox->layers[layer].state],
                                                  sandbox->layers[layer].reason));
    return layers;
}

const char *sandbox_fix(const Sandbox *sandbox)
{
    for (int layer = 0; layer < LAYERS; layer++)
        if (sandbox->layers[layer].fix)
            return sandbox->layers[layer].fix;
    return NULL;
}

/* Landlock is the one layer that a kernel of today may not have, whatever is done about it. */
static gboolean beyond_kernel(const Layer *layer)
{
    return layer->state == LAYER_UNAVAILABLE && strcmp(layer->reason, LANDLOCK_MISSING) == 0;
}

/* The first layer that is missing for `required`, or LAYERS. */
static LayerId missing_layer(const Sandbox *sandbox, RubricSandbox required)
{
    gboolean walls = sandbox_layer_holds(sandbox, LAYER_NAMESPACES) ||
                     sandbox_layer_holds(sandbox, LAYER_LANDLOCK);
    for (LayerId id = 0; id < LAYERS && required != REQUIRE_NOTHING; id++) {
        gboolean is_wall = id == LAYER_NAMESPACES || id == LAYER_LANDLOCK;
        gboolean needed = required == REQUIRE_FULL ? !beyond_kernel(&sandbox->layers[id])
                          : is_wall                ? !walls
                                                   : id != LAYER_CGROUP;
        if (needed && !sandbox_layer_holds(sandbox, id))
            return id;
    }
    return LAYERS;
}

gboolean sandbox_require(const Sandbox *sandbox, RubricSandbox required, GError **error)
{
    LayerId missing = missing_layer(sandbox, required);
    if (missing == LAYERS)
        return TRUE;
    const Layer *layer = &sandbox->layers[missing];
    g_set_error(error, GRADER_ERROR, GRADER_ERROR_SANDBOX,
                "the sandbox does not hold: %s %s (%s)%s%s", sandbox_layer_names[missing],
                layer_states[layer->state], layer->reason, layer->fix ? "; try: " : "",
                layer->fix ? layer->fix : "");
    return FALSE;
}
