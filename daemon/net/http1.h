#pragma once

#include "net/connection.h"

/* HTTP/1.1 on a connection: GET and HEAD of the few pages, one request after the other. */
extern const struct protocol http1_protocol;
void *http1_new(struct connection *connection);
