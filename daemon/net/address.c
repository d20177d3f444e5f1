#include "net/address.h"

#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <arpa/inet.h>
#include <netinet/in.h>

#include "base/text.h"

enum { BACKLOG = 1024 };

static bool is_v4_mapped_loopback(const struct in6_addr *address)
{
    return IN6_IS_ADDR_V4MAPPED(address) && address->s6_addr[12] == 127;
}

static void init_v6(struct peer *peer, const struct sockaddr_in6 *v6)
{
    char host[INET6_ADDRSTRLEN];
    inet_ntop(AF_INET6, &v6->sin6_addr, host, sizeof host);
    snprintf(peer->text, sizeof peer->text, "[%s]:%u", host, ntohs(v6->sin6_port));
    struct in6_addr key = v6->sin6_addr;
    /* Whoever has one address of a network has all of them. */
    if (!IN6_IS_ADDR_V4MAPPED(&key))
        memset(key.s6_addr + 8, 0, 8);
    inet_ntop(AF_INET6, &key, peer->key, sizeof peer->key);
    peer->is_loopback = IN6_IS_ADDR_LOOPBACK(&v6->sin6_addr) || is_v4_mapped_loopback(&v6->sin6_addr);
}

void peer_init(struct peer *peer, const struct sockaddr *address)
{
    *peer = (struct peer){.text = "unknown", .key = "unknown"};
    if (address->sa_family == AF_INET6) {
        init_v6(peer, (const struct sockaddr_in6 *)address);
    } else if (address->sa_family == AF_INET) {
        const struct sockaddr_in *v4 = (const struct sockaddr_in *)address;
        inet_ntop(AF_INET, &v4->sin_addr, peer->key, sizeof peer->key);
        snprintf(peer->text, sizeof peer->text, "%s:%u", peer->key, ntohs(v4->sin_port));
        peer->is_loopback = ntohl(v4->sin_addr.s_addr) >> 24 == 127;
    }
}

bool address_split(const char *text, char host[256], char port[6])
{
    const char *colon = strrchr(text, ':');
    unsigned long long number;
    if (!colon || strlen(colon + 1) > 5 || !text_to_u64(colon + 1, 65535, &number))
        return false;
    size_t size = (size_t)(colon - text);
    if (size && text[0] == '[') {
        if (size < 4 || text[size - 1] != ']')
            return false;
        text++, size -= 2;
    } else if (memchr(text, ':', size)) {
        return false;
    }
    if (size >= 256)
        return false;
    memcpy(host, text, size);
    host[size] = '\0';
    strcpy(port, colon + 1);
    return true;
}

/* -1 and errno. */
static int listen_at(const struct addrinfo *at)
{
    int fd = socket(at->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -1;
    int on = 1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (at->ai_family == AF_INET6)
        setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
    if (bind(fd, at->ai_addr, at->ai_addrlen) == 0 && listen(fd, BACKLOG) == 0)
        return fd;
    int fault = errno;
    close(fd);
    errno = fault;
    return -1;
}

static unsigned bound_port(int fd)
{
    struct sockaddr_storage bound = {0};
    socklen_t size = sizeof bound;
    getsockname(fd, (struct sockaddr *)&bound, &size);
    if (bound.ss_family == AF_INET6)
        return ntohs(((struct sockaddr_in6 *)&bound)->sin6_port);
    return ntohs(((struct sockaddr_in *)&bound)->sin_port);
}

struct status address_listen(struct arena *arena, const char *text, int *ret_fd, unsigned *ret_port)
{
    char host[256], port[6];
    if (!address_split(text, host, port))
        return status_format(arena, STATUS_INVALID_ARGUMENT, "listen",
                             "\"%s\" is not an address of the form HOST:PORT or [HOST]:PORT", text);
    struct addrinfo *found = NULL;
    const struct addrinfo hints = {
        .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE};
    int fault = getaddrinfo(*host ? host : NULL, port, &hints, &found);
    if (fault)
        return status_format(arena, STATUS_UNAVAILABLE, NULL, "cannot listen on %s: %s", text,
                             gai_strerror(fault));
    /* The first that works: a name may have an address of a family that this machine doesn't speak. */
    int fd = -1;
    for (const struct addrinfo *at = found; at && fd < 0; at = at->ai_next)
        fd = listen_at(at);
    fault = errno;
    freeaddrinfo(found);
    if (fd < 0)
        return status_format(arena, STATUS_UNAVAILABLE, NULL, "cannot listen on %s: %s", text,
                             strerror(fault));
    *ret_fd = fd;
    *ret_port = bound_port(fd);
    return STATUS_NONE;
}
