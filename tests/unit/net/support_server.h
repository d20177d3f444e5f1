#pragma once

#include "net/limits.h"

/* A server on a free port of loopback, on two loops of their own threads, with the calls of support_calls.h and one page:
 * "/page" with the body "page\n". */
struct net_calls;
struct rpc_server;
struct test_server;
struct tls;

struct test_server *test_server_start(const struct net_limits *limits);
/* The same with these calls. */
struct test_server *test_server_start_calls(const struct net_limits *limits, const struct net_calls *calls,
                                            struct rpc_server *rpc);
/* The same over TLS; `tls` NULL: in cleartext. */
struct test_server *test_server_start_tls(const struct net_limits *limits, const struct net_calls *calls,
                                          struct rpc_server *rpc, struct tls *tls);
unsigned test_server_port(const struct test_server *server);
/* Asks it to drain; test_server_stop waits for that, and does it where it was not asked for. */
void test_server_drain(struct test_server *server);
void test_server_stop(struct test_server *server);

/* A connected socket of which recv and send fail after 10 s. */
int test_connect(unsigned port);
void test_send(int fd, const void *bytes, size_t size);
/* Reads until the end, or until `end` has come; what was read ends in NUL. Gives how much; -1: the connection was reset, or
 * 10 s went by. */
long test_read_until(int fd, char *bytes, size_t most, const char *end);
