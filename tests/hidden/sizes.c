#include "sizes.h"

#include "inputs.h"

enum { NEIGHBOURS = 3, GROUPS = EDGES / NEIGHBOURS, FIRST_WIDTH = 8 };
enum { FEW = 3, BEYOND_A_BYTE = 257, MANY = 500 };

int random_between(int first, int last)
{
    return first + random_below(last - first + 1);
}

int random_above_a_byte(void)
{
    return random_between(BEYOND_A_BYTE, BEYOND_A_BYTE + FIRST_WIDTH);
}

void draw_edges(int edges[EDGES])
{
    for (int group = 0; group < GROUPS; group++) {
        int turn = random_below(NEIGHBOURS);
        for (int i = 0; i < NEIGHBOURS; i++)
            edges[group * NEIGHBOURS + i] = (FIRST_WIDTH << group) - 1 + (i + turn) % NEIGHBOURS;
    }
}

static int few(void)
{
    return random_between(1, FEW);
}

static void shuffle(Sizes *sizes, int count)
{
    for (int i = count - 1; i > 0; i--) {
        int other = random_below(i + 1);
        Sizes kept = sizes[i];
        sizes[i] = sizes[other];
        sizes[other] = kept;
    }
}

void draw_sizes(Sizes sizes[DRAWN_SIZES])
{
    int queries[EDGES], keys[EDGES], d_k[EDGES], d_v[EDGES];
    draw_edges(queries);
    draw_edges(keys);
    draw_edges(d_k);
    draw_edges(d_v);
    for (int i = 0; i < SHORT_EDGES; i++)
        *sizes++ = (Sizes){queries[i], keys[SHORT_EDGES - 1 - i], few(), few()};
    for (int i = SHORT_EDGES; i < EDGES; i++) {
        *sizes++ = (Sizes){queries[i], few() + 1, few(), few()};
        *sizes++ = (Sizes){few(), keys[i], few(), few()};
    }
    for (int i = 0; i < EDGES; i++)
        *sizes++ = (Sizes){few(), few() + 1, d_k[i], d_v[EDGES - 1 - i]};
    *sizes++ = (Sizes){random_between(BEYOND_A_BYTE, MANY), few() + 1, few(), few()};
    *sizes++ = (Sizes){few(), random_between(BEYOND_A_BYTE, MANY), few(), few()};
    *sizes++ = (Sizes){few(), few() + 1, random_between(BEYOND_A_BYTE, MANY), few()};
    *sizes++ = (Sizes){few(), few() + 1, few(), random_between(BEYOND_A_BYTE, MANY)};
    shuffle(sizes - DRAWN_SIZES, DRAWN_SIZES);
}

Tensor *random_mask_of_ends(int rows, int columns)
{
    Tensor *mask = random_mask(2, (int[]){rows, columns});
    mask->data[0] = mask->data[columns - 1] = 1;
    return mask;
}
