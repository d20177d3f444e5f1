#include "client/follow_request.h"

#include <stdio.h>

#include "base/arena.h"
#include "base/text.h"
#include "client/client.h"
#include "client/exit.h"
#include "client/suggest.h"
#include "partner/v1/registry.pb-c.h"

#define LIST_PATH "/partner.v1.RegistryService/ListRegistries"

int follow_check_output(struct client *client)
{
    const char *form = flags_text(&client->flags, "output"), *name = client->flags.command->name;
    if (form && !text_equal(form, "jsonl"))
        return client_fail(EXIT_USAGE, NULL, "partner %s writes JSON lines, not %s", name, form);
    if (client->output.field_count)
        return client_fail(EXIT_USAGE, "take what you need from each line, with jq or the like",
                           "partner %s writes whole records, without --fields", name);
    return EXIT_DONE;
}

static void tell_if_unknown(const Partner__V1__ListRegistriesResponse *known, const char *id)
{
    struct suggestion best = suggestion_start(id);
    for (size_t i = 0; i < known->n_registries; i++) {
        if (text_equal(known->registries[i]->id, id))
            return;
        suggestion_offer(&best, known->registries[i]->id);
    }
    const char *nearest = suggestion_word(&best);
    fprintf(stderr, "note: there is no registry '%s' here yet%s%s%s\n", id,
            nearest ? "; did you mean '" : ": partner admin registry list shows them", nearest ? nearest : "",
            nearest ? "'?" : "");
}

int follow_read_registries(struct client *client, char ***ret_registries, size_t *ret_count)
{
    Partner__V1__ListRegistriesRequest request = PARTNER__V1__LIST_REGISTRIES_REQUEST__INIT;
    ProtobufCMessage *known;
    const char **ids;
    size_t count = flags_list(&client->flags, client->arena, "registry", &ids);
    if (count) {
        int failed = client_read(client, LIST_PATH, &request.base,
                                 &partner__v1__list_registries_response__descriptor, &known);
        if (failed)
            return failed;
    }
    for (size_t i = 0; i < count; i++)
        tell_if_unknown((const void *)known, ids[i]);
    *ret_registries = (char **)ids;
    *ret_count = count;
    return EXIT_DONE;
}

int follow_state_fault(const char *message)
{
    return client_fail(EXIT_INVALID, "name another file, or begin anew with partner export --state-file FILE",
                       "%s", message);
}
