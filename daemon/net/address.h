#pragma once

#include <stdbool.h>

#include <sys/socket.h>

#include "base/status.h"

struct arena;

/* Who is at the other end. */
struct peer {
    char text[64]; /* "127.0.0.1:52114", "[::1]:52114" */
    char key[48];  /* what is counted as one address: IPv4, or the first 64 bits of IPv6 */
    bool is_loopback;
};

void peer_init(struct peer *peer, const struct sockaddr *address);

/* Splits "HOST:PORT", "[V6]:PORT" or ":PORT" (host ""). False: neither. */
bool address_split(const char *text, char host[256], char port[6]);
/* Binds and listens. UNAVAILABLE, or INVALID_ARGUMENT with field "listen": the message names the address. */
struct status address_listen(struct arena *arena, const char *text, int *ret_fd, unsigned *ret_port);
