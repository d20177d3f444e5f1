#include "client/enums.h"

#include <ctype.h>
#include <string.h>

#include "base/arena.h"
#include "base/text.h"
#include "client/client.h"
#include "client/exit.h"
#include "client/suggest.h"

static char *lower_word(struct arena *arena, const ProtobufCEnumDescriptor *descriptor, unsigned at)
{
    char *word =
        arena_strdup(arena, descriptor->values[at].name + strcspn(descriptor->values[at].name, "_") + 1);
    for (char *letter = word; *letter; letter++)
        *letter = (char)tolower((unsigned char)*letter);
    return word;
}

static int unknown_word(struct client *client, const char *flag, const ProtobufCEnumDescriptor *descriptor,
                        const char *word)
{
    struct suggestion best = suggestion_start(word);
    const char *all = "";
    for (unsigned at = 1; at < descriptor->n_values; at++) {
        const char *known = lower_word(client->arena, descriptor, at);
        suggestion_offer(&best, known);
        all = arena_format(client->arena, "%s%s%s", all, at > 1 ? ", " : "", known);
    }
    const char *nearest = suggestion_word(&best);
    if (nearest)
        return client_fail(EXIT_INVALID, NULL, "--%s: '%s' is none of %s; did you mean '%s'?", flag, word,
                           all, nearest);
    return client_fail(EXIT_INVALID, NULL, "--%s: '%s' is none of %s", flag, word, all);
}

int enums_of_flag(struct client *client, const char *flag, const ProtobufCEnumDescriptor *descriptor,
                  int **ret_values, size_t *ret_count)
{
    const char **words;
    size_t count = flags_list(&client->flags, client->arena, flag, &words);
    if (!count)
        return EXIT_DONE;
    int *values = arena_array(client->arena, count, sizeof *values);
    size_t prefix = strcspn(descriptor->values[0].name, "_") + 1;
    for (size_t i = 0; i < count; i++) {
        for (unsigned at = 1; at < descriptor->n_values; at++)
            if (text_equal_ascii_case(descriptor->values[at].name + prefix, words[i]))
                values[i] = descriptor->values[at].value;
        if (values[i])
            continue;
        return unknown_word(client, flag, descriptor, words[i]);
    }
    *ret_values = values;
    *ret_count = count;
    return EXIT_DONE;
}
