#include "client/change_registry.h"

#include <string.h>

#include "base/arena.h"
#include "client/client.h"
#include "client/exit.h"

static const char *change_id(const Partner__V1__Change *change)
{
    if (change->kind_case == PARTNER__V1__CHANGE__KIND_DELETE_ID)
        return change->delete_id;
    if (change->kind_case != PARTNER__V1__CHANGE__KIND_UPSERT || !change->upsert)
        return "";
    switch (change->upsert->kind_case) {
    case PARTNER__V1__RECORD__KIND_ORGANISATION:
        return change->upsert->organisation->id;
    case PARTNER__V1__RECORD__KIND_OFFER:
        return change->upsert->offer->id;
    case PARTNER__V1__RECORD__KIND_NEED:
        return change->upsert->need->id;
    case PARTNER__V1__RECORD__KIND_PARTNERSHIP:
        return change->upsert->partnership->id;
    default:
        return "";
    }
}

int change_registry(struct client *client, const Partner__V1__Change *change, const char **ret_registry)
{
    const char *id = change_id(change);
    size_t size = strcspn(id, "/");
    if (!size || !id[size])
        return client_fail(EXIT_INVALID, "name the registry with --registry",
                           "the first record's id, '%s', is not of the form registry/key", id);
    *ret_registry = arena_strndup(client->arena, id, size);
    return EXIT_DONE;
}
