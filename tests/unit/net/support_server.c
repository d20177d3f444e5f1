#include "net/support_server.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/time.h>

#include "base/arena.h"
#include "base/log.h"
#include "loop/loop.h"
#include "net/server.h"
#include "net/support_calls.h"

enum { LOOPS = 2, PATIENCE_S = 10 };

struct test_server {
    struct loop *loops[LOOPS];
    struct net_server *server;
    bool is_draining;
};

static void page(void *context, const char *path, struct net_page *page)
{
    (void)context;
    if (strcmp(path, "/page") != 0)
        return;
    page->status = 200;
    text_buffer_add(&page->body, "page\n");
}

struct test_server *test_server_start(const struct net_limits *limits)
{
    return test_server_start_calls(limits, &test_calls_table, NULL);
}

struct test_server *test_server_start_calls(const struct net_limits *limits, const struct net_calls *calls,
                                            struct rpc_server *rpc)
{
    return test_server_start_tls(limits, calls, rpc, NULL);
}

struct test_server *test_server_start_tls(const struct net_limits *limits, const struct net_calls *calls,
                                          struct rpc_server *rpc, struct tls *tls)
{
    static const char *const addresses[] = {"127.0.0.1:0", NULL};
    log_set_level(LOG_ERROR);
    struct test_server *test = heap_zalloc(sizeof *test);
    for (unsigned i = 0; i < LOOPS; i++)
        test->loops[i] = loop_new("test", i);
    const struct net_server_settings settings = {
        .addresses = addresses,
        .loops = test->loops,
        .loop_count = LOOPS,
        .limits = *limits,
        .calls = calls,
        .rpc = rpc,
        .tls = tls,
        .page = page,
    };
    struct arena *arena = arena_new(0);
    struct status status = net_server_open(arena, &settings, &test->server);
    assert_int_equal(status.code, STATUS_OK);
    arena_free(arena);
    net_server_start(test->server);
    for (unsigned i = 0; i < LOOPS; i++)
        loop_start(test->loops[i]);
    return test;
}

unsigned test_server_port(const struct test_server *test)
{
    return net_server_port(test->server, 0);
}

static void on_drained(void *context)
{
    struct test_server *test = context;
    net_server_free(test->server);
    for (unsigned i = 0; i < LOOPS; i++)
        loop_stop(test->loops[i]);
}

void test_server_drain(struct test_server *test)
{
    if (!test->is_draining)
        net_server_drain(test->server, on_drained, test);
    test->is_draining = true;
}

void test_server_stop(struct test_server *test)
{
    test_server_drain(test);
    for (unsigned i = 0; i < LOOPS; i++)
        loop_join(test->loops[i]);
    for (unsigned i = 0; i < LOOPS; i++)
        loop_free(test->loops[i]);
    free(test);
}

int test_connect(unsigned port)
{
    const struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    const struct timeval patience = {.tv_sec = PATIENCE_S};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    const int on = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    assert_int_equal(connect(fd, (const struct sockaddr *)&address, sizeof address), 0);
    return fd;
}

void test_send(int fd, const void *bytes, size_t size)
{
    for (size_t sent = 0; sent < size;) {
        ssize_t now = send(fd, (const char *)bytes + sent, size - sent, MSG_NOSIGNAL);
        assert_true(now > 0);
        sent += (size_t)now;
    }
}

long test_read_until(int fd, char *bytes, size_t most, const char *end)
{
    size_t got = 0;
    for (;;) {
        bytes[got] = '\0';
        if (end && strstr(bytes, end))
            return (long)got;
        ssize_t now = recv(fd, bytes + got, most - 1 - got, 0);
        if (now < 0)
            return -1;
        if (now == 0)
            return (long)got;
        got += (size_t)now;
    }
}
