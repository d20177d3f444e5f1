#pragma once

#include "partner/v1/registry.pb-c.h"

struct client;

/* The registry that a file's first change is of, by the record's id, in the client's arena; for those who name none. 0, or the
 * exit code of what has been said: the id is not of the form registry/key. */
int change_registry(struct client *client, const Partner__V1__Change *change, const char **ret_registry);
