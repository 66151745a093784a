/* grammar.c: see grammar.h. */
#include "grammar.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- the words that vary --------------------------------------------------------------------- */

#define COUNT(list) ((int)(sizeof(list) / sizeof *(list)) - 1)

static const char *const children[] = {"girl", "boy", NULL};
static const char *const names[] = {"Mia",  "Lily",  "Anna", "Zoe",  "Nora", "Ella",
                                    "Ruby", "Ida",   "Tom",  "Ben",  "Max",  "Leo",
                                    "Sam",  "Oscar", "Finn", "Paul", NULL};
static const char *const things[] = {"ball",  "kite",  "book",    "drum", "boat",    "bell", "hat",
                                     "flute", "wagon", "lantern", "top",  "bicycle", NULL};
static const char *const verbs[] = {"throw", "fly",  "read",  "beat", "sail", "ring", "wear",
                                    "play",  "pull", "light", "spin", "ride", NULL};
static const char *const colours[] = {"red",    "blue",   "green",  "yellow", "white",
                                      "golden", "purple", "silver", NULL};
static const char *const places[] = {"garden", "forest",  "park",    "meadow", "kitchen",
                                     "barn",   "castle",  "village", "attic",  "cave",
                                     "market", "orchard", NULL};
static const char *const animals[] = {"dog", "cat",   "fox",  "goat", "pony",
                                      "owl", "mouse", "bear", NULL};
static const char *const pets[] = {"Pip",    "Coco",   "Biscuit", "Socks", "Button",
                                   "Pepper", "Waffle", "Muffin",  NULL};
static const char *const weathers[] = {"windy", "rainy", "snowy", "foggy", "stormy", "misty", NULL};
static const char *const skies[] = {"wind", "rain", "snow", "fog", "storm", "mist", NULL};
static const char *const families[] = {"mother",  "sister", "aunt",        "grandmother", "father",
                                       "brother", "uncle",  "grandfather", NULL};
static const char *const magicians[] = {"witch", "wizard", NULL};
static const char *const numbers[] = {"one", "two", "three", "four", NULL};
static const char *const singles[] = {"duck", "frog", "kitten", "rabbit", "lamb", "squirrel", NULL};
static const char *const creatures[] = {"duck",     "frog",      "kitten", "rabbit",  "lamb",
                                        "squirrel", "ducks",     "frogs",  "kittens", "rabbits",
                                        "lambs",    "squirrels", NULL};
static const char *const foods[] = {"soup", "bread", "cheese",   "milk", "rice",
                                    "cake", "pie",   "porridge", NULL};
static const char *const subjects[] = {"she", "he", "it", "they", NULL};
static const char *const objects[] = {"her", "him", "it", "them", NULL};
static const char *const owners[] = {"her", "his", NULL};
static const char *const was_or_were[] = {"was", "were", NULL};

/* ---- the sentences --------------------------------------------------------------------------- */

/*
 * $slot is a word of the story, [a|b|c] one of several ways to say it. A plot that does not come to
 * "the end" itself is followed by one of the endings.
 */
static const char opening[] =
    "[once upon a time|long ago|once] there [was|lived] a [little|brave|kind|clever|shy] $child "
    "named $hero . $he had a $colour $thing and [liked|loved] to $verb it "
    "[every day|all day long|in the morning|after school] . ";

static const char *const plots[] = {
    /* lost and found */
    "$his best friend was a small $animal named $pet . "
    "one $weather [morning|afternoon|day] $hero and $pet [went|walked|ran] to the $place . "
    "suddenly the $sky came , and the $colour $thing was [gone|lost] . "
    "$hero was very [sad|worried|upset] . "
    "\" [where is|who took|who has] my $thing ? \" [$he asked|asked $hero|cried $hero] . "
    "the $animal looked [behind|under|beside] [a tree|a bench|a rock|a bush|a wall] and found the "
    "$thing . \" thank you , $pet ! \" said $hero . "
    "$he [hugged|kissed|patted] the $animal and could $verb $his $colour $thing again . ",
    /* a friend who has none */
    "$his best friend was a $fchild named $friend . "
    "one $weather [morning|afternoon|day] $hero met $friend in the $place . "
    "$friend was very [sad|worried|upset] because $fhe had no $thing . "
    "\" you can $verb my $thing , \" said $hero . "
    "so $hero gave $fhim the $colour $thing , and $friend [smiled|laughed|danced] . "
    "\" thank you , $hero ! \" $fhe said . "
    "then $fhe gave $hero some $food , and they ate the $food in the $place "
    "[until the $sky came|in spite of the $sky] . ",
    /* broken and mended */
    "one $weather [morning|afternoon|day] $he took it to the $place , but in the $sky the $thing "
    "broke . $hero [cried|sat down and cried|was very sad] . "
    "$his $family heard $him and came to the $place . "
    "\" what is wrong , $hero ? \" $fahe asked . "
    "\" my $colour $thing is broken , \" said $hero . "
    "$fahe [smiled|nodded] and mended the $thing with [some glue|some string|a nail] . "
    "soon $hero could $verb it again . "
    "$he thanked $his $family and gave $fahim a [hug|kiss|flower] . ",
    /* who ate it all? */
    "one $weather [morning|afternoon|day] $he went to the $place . "
    "there $he saw $number $creature [behind|under|beside] [a tree|a bench|a rock|a bush|a wall] . "
    "$cthey $cwas [cold|hungry|tired] and lost in the $sky . "
    "\" come with me , \" said $hero . "
    "$he took the $creature home and gave $cthem some $food . "
    "\" who ate all the $food ? \" asked $his $family . "
    "\" the $creature from the $place , \" said $hero , and $fahe laughed . "
    "then the $creature fell asleep beside the $colour $thing . ",
    /* swapped */
    "one $weather [morning|afternoon|day] $hero met a $fchild named $friend in the $place . "
    "$friend had a $fcolour $fthing . "
    "\" may I $verb your $thing ? \" asked $friend . "
    "\" only if I may $fverb your $fthing , \" said $hero . "
    "so $friend took the $colour $thing , and $hero took the $fcolour $fthing . "
    "now $hero could $fverb the $fthing and $friend could $verb the $thing . "
    "they [laughed|danced|sang] until the $sky came . "
    "then $hero took $his $colour $thing home again , and $friend the $fcolour $fthing . the end .",
    /* turned into an animal */
    "one $weather [evening|night] [a|an old] $magician came to the $place . "
    "\" give me that $colour $thing , \" said the $magician . "
    "\" no , it is mine , \" said $hero . "
    "then $mahe was [angry|furious] and turned the $thing into a small $animal . "
    "but $hero [laughed|smiled|clapped] and hugged the $animal . "
    "\" I will call you $pet , \" $he said . "
    "the $magician went home through the $sky . "
    "and $hero and $pet the $animal [danced|played|ran] in the $place every day . the end .",
};

static const char *const endings[] = {
    "that night $hero dreamed of the $place and of $his $colour $thing . the end .",
    "from that day on , $hero was never [sad|alone|afraid] in the $place again . the end .",
    "and $hero and $his $thing lived happily ever after . the end .",
};

/* ---- slots ----------------------------------------------------------------------------------- */

/* What a story is about, drawn before it is told. */
typedef enum Fact {
    GENDER,
    HERO,
    THING,
    COLOUR,
    PLACE,
    ANIMAL,
    PET,
    WEATHER,
    FRIEND_GENDER,
    FRIEND,
    FAMILY,
    NUMBER,
    CREATURE,
    FOOD,
    OTHER_THING,
    OTHER_COLOUR,
    MAGICIAN,
    FACTS
} Fact;

typedef struct Teller {
    Story *story;
    uint64_t *state;
    int fact[FACTS];
    bool said[FACTS];
} Teller;

/* A slot: the fact that it tells, the words for it, and what these then agree with. */
typedef struct Slot {
    const char *name;
    const char *const *words;
    Fact fact;
    Agreement agreement;
} Slot;

static const Slot slots[] = {
    {"child", children, GENDER, NOTHING},
    {"hero", names, HERO, WITH_NAME},
    {"he", subjects, GENDER, WITH_PRONOUN},
    {"him", objects, GENDER, WITH_PRONOUN},
    {"his", owners, GENDER, WITH_PRONOUN},
    {"thing", things, THING, WITH_THING},
    {"verb", verbs, THING, WITH_VERB},
    {"colour", colours, COLOUR, WITH_COLOUR},
    {"place", places, PLACE, WITH_PLACE},
    {"animal", animals, ANIMAL, WITH_ANIMAL},
    {"pet", pets, PET, WITH_PET},
    {"weather", weathers, WEATHER, WITH_WEATHER},
    {"sky", skies, WEATHER, WITH_WEATHER},
    {"fchild", children, FRIEND_GENDER, NOTHING},
    {"friend", names, FRIEND, WITH_NAME},
    {"fhe", subjects, FRIEND_GENDER, WITH_PRONOUN},
    {"fhim", objects, FRIEND_GENDER, WITH_PRONOUN},
    {"fthing", things, OTHER_THING, WITH_THING},
    {"fverb", verbs, OTHER_THING, WITH_VERB},
    {"fcolour", colours, OTHER_COLOUR, WITH_COLOUR},
    {"magician", magicians, MAGICIAN, WITH_FAMILY},
    {"mahe", subjects, MAGICIAN, WITH_PRONOUN},
    {"family", families, FAMILY, WITH_FAMILY},
    {"fahe", subjects, FAMILY, WITH_PRONOUN},
    {"fahim", objects, FAMILY, WITH_PRONOUN},
    {"number", numbers, NUMBER, WITH_NUMBER},
    {"creature", creatures, CREATURE, WITH_CREATURE},
    {"cthey", subjects, NUMBER, WITH_PRONOUN},
    {"cthem", objects, NUMBER, WITH_PRONOUN},
    {"cwas", was_or_were, NUMBER, WITH_NUMBER},
    {"food", foods, FOOD, WITH_FOOD},
};

static const Slot *find_slot(const char *name, int length)
{
    for (size_t i = 0; i < sizeof slots / sizeof *slots; i++) {
        if ((int)strlen(slots[i].name) == length && strncmp(slots[i].name, name, length) == 0)
            return &slots[i];
    }
    fprintf(stderr, "grammar: there is no slot $%.*s\n", length, name);
    exit(1);
}

/* How many values a fact could have had when it is told first. */
static int fact_choices(const Teller *teller, Fact fact)
{
    bool same_gender = teller->fact[GENDER] == teller->fact[FRIEND_GENDER];
    switch (fact) {
    case GENDER:
    case FRIEND_GENDER:
        return COUNT(children);
    case HERO:
        return COUNT(names) / 2;
    case FRIEND:
        return COUNT(names) / 2 - (same_gender ? 1 : 0);
    case THING:
        return COUNT(things);
    case OTHER_THING:
        return COUNT(things) - 1;
    case COLOUR:
    case OTHER_COLOUR:
        return COUNT(colours);
    case PLACE:
        return COUNT(places);
    case ANIMAL:
        return COUNT(animals);
    case PET:
        return COUNT(pets);
    case WEATHER:
        return COUNT(weathers);
    case FAMILY:
        return COUNT(families);
    case NUMBER:
        return COUNT(numbers);
    case CREATURE:
        return COUNT(singles);
    case MAGICIAN:
        return COUNT(magicians);
    default:
        return COUNT(foods);
    }
}

/* Which of the words of a slot the fact picks. */
static int slot_choice(const Teller *teller, const Slot *slot)
{
    int value = teller->fact[slot->fact];
    bool many = teller->fact[NUMBER] > 0;
    if (slot->fact == FAMILY && slot->words != families)
        return value < COUNT(families) / 2 ? 0 : 1;
    if (slot->words == creatures)
        return many ? value + COUNT(singles) : value;
    if (slot->words == was_or_were)
        return many ? 1 : 0;
    if (slot->fact == NUMBER && slot->words != numbers)
        return many ? 3 : 2; /* they, it */
    return value;
}

/* ---- the vocabulary -------------------------------------------------------------------------- */

static const char *vocabulary[VOCABULARY_LIMIT];
static int vocabulary_size;
static char letters[4096]; /* where the words of the sentences are */
static size_t letters_used;

int grammar_word_count(void)
{
    return vocabulary_size;
}

const char *grammar_word(int number)
{
    return vocabulary[number];
}

int grammar_find(const char *word)
{
    for (int i = 0; i < vocabulary_size; i++) {
        if (strcmp(vocabulary[i], word) == 0)
            return i;
    }
    return -1;
}

/* The number of a word that need not end in a null byte; it is added if it is new. */
static int number_of(const char *text, int length)
{
    char word[32];
    snprintf(word, sizeof word, "%.*s", length, text);
    int number = grammar_find(word);
    if (number >= 0)
        return number;
    size_t size = strlen(word) + 1;
    if (vocabulary_size == VOCABULARY_LIMIT || letters_used + size > sizeof letters) {
        fprintf(stderr, "grammar: too many words\n");
        exit(1);
    }
    char *copy = memcpy(letters + letters_used, word, size);
    letters_used += size;
    vocabulary[vocabulary_size] = copy;
    return vocabulary_size++;
}

/* Add every word of a text that is not a slot. */
static void learn_words(const char *text)
{
    while (*(text += strspn(text, " []|")) != '\0') {
        int length = (int)strcspn(text, " []|");
        if (*text != '$')
            number_of(text, length);
        text += length;
    }
}

void grammar_start(void)
{
    number_of("<end>", 5);
    learn_words(opening);
    for (size_t i = 0; i < sizeof plots / sizeof *plots; i++)
        learn_words(plots[i]);
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++)
        learn_words(endings[i]);
    for (size_t i = 0; i < sizeof slots / sizeof *slots; i++) {
        for (const char *const *word = slots[i].words; *word != NULL; word++)
            number_of(*word, (int)strlen(*word));
    }
}

const char *grammar_agreement_name(Agreement agreement)
{
    static const char *const titles[AGREEMENTS] = {"nothing",
                                                   "the child's name",
                                                   "he, she, they",
                                                   "the thing",
                                                   "the verb of the thing",
                                                   "the colour",
                                                   "the place",
                                                   "the animal",
                                                   "the animal's name",
                                                   "the weather",
                                                   "who came, who asked",
                                                   "was or were",
                                                   "one or many",
                                                   "the food"};
    return titles[agreement];
}

/* ---- telling --------------------------------------------------------------------------------- */

double random_unit(uint64_t *state)
{
    *state ^= *state >> 12;
    *state ^= *state << 25;
    *state ^= *state >> 27;
    return (double)((*state * 0x2545F4914F6CDD1DU) >> 11) * 0x1p-53;
}

int random_below(uint64_t *state, int bound)
{
    return (int)(random_unit(state) * bound);
}

static void say(Teller *teller, int word, Agreement agreement, const char *const *rivals)
{
    Story *story = teller->story;
    if (story->length == STORY_WORDS) {
        fprintf(stderr, "grammar: a story is too long\n");
        exit(1);
    }
    story->words[story->length] = word;
    story->agrees[story->length] = agreement;
    story->rivals[story->length++] = rivals;
}

/* Say the word for a fact. The first time it is news, and from then on it must agree. */
static void say_slot(Teller *teller, const Slot *slot)
{
    const char *word = slot->words[slot_choice(teller, slot)];
    bool known = teller->said[slot->fact];
    if (!known)
        teller->story->nats += log(fact_choices(teller, slot->fact));
    teller->said[slot->fact] = true;
    say(teller, grammar_find(word), known ? slot->agreement : NOTHING, known ? slot->words : NULL);
}

/* Say a text up to its end or to `stop`, with slots, but without alternatives. */
static void say_words(Teller *teller, const char *text, const char *stop)
{
    while ((text += strspn(text, " ")) < stop) {
        int length = (int)strcspn(text, " []|");
        if (*text == '$')
            say_slot(teller, find_slot(text + 1, length - 1));
        else
            say(teller, number_of(text, length), NOTHING, NULL);
        text += length;
    }
}

/* Say one of the alternatives of "[a|b|c]", and return what follows it. */
static const char *say_alternative(Teller *teller, const char *text)
{
    const char *end = strchr(text, ']');
    int count = 1;
    for (const char *at = text; at < end; at++)
        count += *at == '|';
    const char *chosen = text + 1;
    for (int skip = random_below(teller->state, count); skip > 0; skip--)
        chosen = strchr(chosen, '|') + 1;
    teller->story->nats += log(count);
    say_words(teller, chosen, chosen + strcspn(chosen, "|]"));
    return end + 1;
}

static void say_text(Teller *teller, const char *text)
{
    while (*text != '\0') {
        const char *stop = text + strcspn(text, "[");
        say_words(teller, text, stop);
        text = *stop == '[' ? say_alternative(teller, stop) : stop;
    }
}

/* Names are girls first: fact HERO counts all names, the gender says which half. */
static void draw_facts(Teller *teller)
{
    int *fact = teller->fact;
    static const Fact drawn[] = {GENDER, THING,         COLOUR,   PLACE,       ANIMAL,
                                 PET,    WEATHER,       FAMILY,   NUMBER,      CREATURE,
                                 FOOD,   FRIEND_GENDER, MAGICIAN, OTHER_COLOUR};
    for (size_t i = 0; i < sizeof drawn / sizeof *drawn; i++)
        fact[drawn[i]] = random_below(teller->state, fact_choices(teller, drawn[i]));
    int half = COUNT(names) / 2;
    fact[HERO] = fact[GENDER] * half + random_below(teller->state, half);
    do {
        fact[FRIEND] = fact[FRIEND_GENDER] * half + random_below(teller->state, half);
    } while (fact[FRIEND] == fact[HERO]);
    do {
        fact[OTHER_THING] = random_below(teller->state, COUNT(things));
    } while (fact[OTHER_THING] == fact[THING]);
}

/* One combination in eight, spread over all heroes, colours and things. */
static bool is_held_out(const int *fact)
{
    return (fact[HERO] + 3 * fact[COLOUR] + 5 * fact[THING]) % 8 == 0;
}

void grammar_tell(Story *story, uint64_t *state, bool held_out)
{
    Teller teller = {.story = story, .state = state};
    do {
        draw_facts(&teller);
    } while (is_held_out(teller.fact) != held_out);
    *story = (Story){.held_out = held_out};
    int plot_count = (int)(sizeof plots / sizeof *plots);
    int ending_count = (int)(sizeof endings / sizeof *endings);
    say(&teller, STORY_END, NOTHING, NULL);
    say_text(&teller, opening);
    const char *plot = plots[random_below(state, plot_count)];
    say_text(&teller, plot);
    story->nats += log(plot_count);
    if (strstr(plot, "the end") == NULL) {
        say_text(&teller, endings[random_below(state, ending_count)]);
        story->nats += log(ending_count);
    }
    say(&teller, STORY_END, NOTHING, NULL);
}
