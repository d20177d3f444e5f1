#include "client/enums.h"

#include <string.h>

#include "base/arena.h"
#include "base/text.h"
#include "client/client.h"
#include "client/exit.h"

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
        const char *all = "";
        for (unsigned at = 1; at < descriptor->n_values; at++)
            all = arena_format(client->arena, "%s%s%s", all, at > 1 ? ", " : "",
                               descriptor->values[at].name + prefix);
        return client_fail(EXIT_INVALID, NULL, "--%s: '%s' is none of %s", flag, words[i], all);
    }
    *ret_values = values;
    *ret_count = count;
    return EXIT_DONE;
}
