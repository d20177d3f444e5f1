#include "net/tls.h"

#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <sys/socket.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/metric.h"
#include "net/support_calls.h"
#include "net/support_certificate.h"
#include "net/support_server.h"

/* The server's side of TLS, with a client that is OpenSSL on a blocking socket. */

#define GET_PAGE  "GET /page HTTP/1.1\r\nHost: h\r\n\r\n"
#define GET_CLOSE "GET /page HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"

static struct test_certificates files;

struct fixture {
    struct arena *arena;
    struct tls *tls;
    struct test_server *server;
};

static struct fixture fixture;

static int make_files(void **state)
{
    (void)state;
    test_certificates_make(&files);
    return 0;
}

static int remove_files(void **state)
{
    (void)state;
    test_certificates_remove(&files);
    return 0;
}

static int setup(void **state)
{
    struct net_limits limits = net_limits_default();
    limits.sweep_ms = 5;
    limits.first_bytes_ms = 5000;
    log_set_level(LOG_ERROR);
    fixture.arena = arena_new(0);
    assert_true(status_ok(tls_open(fixture.arena, files.good, files.good_key, &fixture.tls)));
    fixture.server = test_server_start_tls(&limits, &test_calls_table, NULL, fixture.tls);
    *state = &fixture;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *it = *state;
    test_server_stop(it->server);
    tls_free(it->tls);
    arena_free(it->arena);
    return 0;
}

static int64_t ended(const char *reason)
{
    char labels[64];
    snprintf(labels, sizeof labels, "reason=\"%s\"", reason);
    return metric_value(metric_new(METRIC_COUNTER, "partnerd_connections_ended_total", labels, ""));
}

static void wait_for_end(const char *reason, int64_t before)
{
    enum { PATIENCE_MS = 20000 };
    const int64_t until_ms = clock_monotonic_ms() + PATIENCE_MS;
    while (ended(reason) == before) {
        if (clock_monotonic_ms() > until_ms)
            fail_msg("no connection has ended for the reason \"%s\" within %d ms", reason, PATIENCE_MS);
        sched_yield();
    }
}

/* ---- the client --------------------------------------------------------------------------------------------------- */

struct client {
    int fd;
    SSL_CTX *context;
    SSL *ssl;
    bool is_shaken;
};

/* ALPN in its own form ("\2h2"), or NULL; versions 0: any. */
static struct client client_open(const struct fixture *it, const char *alpn, int least_version,
                                 int most_version)
{
    struct client client = {test_connect(test_server_port(it->server)), SSL_CTX_new(TLS_client_method())};
    SSL_CTX_set_security_level(client.context, 0); /* so that old versions may be tried at all */
    SSL_CTX_set_min_proto_version(client.context, least_version);
    SSL_CTX_set_max_proto_version(client.context, most_version);
    assert_int_equal(SSL_CTX_load_verify_file(client.context, files.ca), 1);
    client.ssl = SSL_new(client.context);
    SSL_set_verify(client.ssl, SSL_VERIFY_PEER, NULL);
    SSL_set1_host(client.ssl, "localhost");
    if (alpn)
        SSL_set_alpn_protos(client.ssl, (const unsigned char *)alpn, (unsigned)strlen(alpn));
    SSL_set_fd(client.ssl, client.fd);
    ERR_clear_error();
    client.is_shaken = SSL_connect(client.ssl) == 1;
    return client;
}

static void client_close(struct client *client)
{
    SSL_free(client->ssl);
    SSL_CTX_free(client->context);
    close(client->fd);
    ERR_clear_error();
}

static void client_write(struct client *client, const char *text)
{
    assert_int_equal(SSL_write(client->ssl, text, (int)strlen(text)), strlen(text));
}

/* Reads until the text, or the end where it is NULL; gives how SSL_read ended. */
static int client_read(struct client *client, char *bytes, size_t most, const char *end)
{
    size_t got = 0;
    for (;;) {
        bytes[got] = '\0';
        if (end && strstr(bytes, end))
            return SSL_ERROR_NONE;
        int size = SSL_read(client->ssl, bytes + got, (int)(most - 1 - got));
        if (size <= 0)
            return SSL_get_error(client->ssl, size);
        got += (size_t)size;
    }
}

static void assert_page(struct client *client)
{
    char bytes[2000];
    assert_true(client->is_shaken);
    client_write(client, GET_PAGE);
    assert_int_equal(client_read(client, bytes, sizeof bytes, "page\n"), SSL_ERROR_NONE);
    assert_non_null(strstr(bytes, "HTTP/1.1 200"));
}

static bool has_alpn(const struct client *client, const char *name)
{
    const unsigned char *chosen;
    unsigned size;
    SSL_get0_alpn_selected(client->ssl, &chosen, &size);
    return size == strlen(name) && memcmp(chosen, name, size) == 0;
}

static void assert_serves(const struct fixture *it)
{
    struct client client = client_open(it, NULL, 0, 0);
    assert_page(&client);
    client_close(&client);
}

/* ---- handshakes --------------------------------------------------------------------------------------------------- */

static void http2_is_chosen_before_http1_and_nothing_else_is_spoken(void **state)
{
    struct client both = client_open(*state, "\x08http/1.1\x02h2", 0, 0);
    assert_true(both.is_shaken && has_alpn(&both, "h2"));
    client_close(&both);
    struct client old = client_open(*state, "\x08http/1.1", 0, 0);
    assert_true(has_alpn(&old, "http/1.1"));
    assert_page(&old);
    client_close(&old);
    struct client none = client_open(*state, "\x04smtp", 0, 0);
    assert_false(none.is_shaken);
    client_close(&none);
}

static void tls_1_2_and_1_3_are_spoken_and_older_versions_are_not(void **state)
{
    static const int versions[] = {TLS1_2_VERSION, TLS1_3_VERSION};
    for (size_t i = 0; i < 2; i++) {
        struct client client = client_open(*state, NULL, versions[i], versions[i]);
        assert_page(&client);
        assert_int_equal(SSL_version(client.ssl), versions[i]);
        client_close(&client);
    }
    struct client old = client_open(*state, NULL, TLS1_VERSION, TLS1_1_VERSION);
    assert_false(old.is_shaken);
    assert_int_equal(ERR_GET_REASON(ERR_peek_last_error()), SSL_R_TLSV1_ALERT_PROTOCOL_VERSION);
    client_close(&old);
    assert_serves(*state);
}

static void who_does_not_finish_the_handshake_is_closed_in_time(void **state)
{
    (void)state;
    struct net_limits limits = net_limits_default();
    limits.sweep_ms = 5;
    limits.first_bytes_ms = 40;
    struct fixture *it = *state;
    struct test_server *quick = test_server_start_tls(&limits, &test_calls_table, NULL, it->tls);
    int64_t before = ended("timeout");
    char bytes[100];
    int silent = test_connect(test_server_port(quick));
    int begun = test_connect(test_server_port(quick));
    test_send(begun, "\x16\x03\x01\x01\x00\x01", 6);
    assert_int_equal(test_read_until(silent, bytes, sizeof bytes, NULL), 0);
    wait_for_end("timeout", before + 1);
    close(silent);
    close(begun);
    test_server_stop(quick);
}

static void cleartext_is_told_where_it_is_understood_and_closed_without_a_reset(void **state)
{
    char bytes[2000];
    struct fixture *it = *state;
    int64_t before = ended("tls");
    int http1 = test_connect(test_server_port(it->server));
    test_send(http1, GET_PAGE, sizeof GET_PAGE - 1);
    assert_true(test_read_until(http1, bytes, sizeof bytes, NULL) > 0);
    assert_non_null(strstr(bytes, "HTTP/1.1 400"));
    assert_non_null(strstr(bytes, "\r\n\r\nThis port speaks TLS: use https://\n"));
    int http2 = test_connect(test_server_port(it->server));
    test_send(http2, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\4\0\0\0\0\0", 33);
    assert_true(test_read_until(http2, bytes, sizeof bytes, NULL) > 0);
    assert_non_null(strstr(bytes, "use https://"));
    int garbage = test_connect(test_server_port(it->server));
    memset(bytes, 'x', sizeof bytes);
    test_send(garbage, bytes, sizeof bytes);
    assert_int_equal(test_read_until(garbage, bytes, sizeof bytes, NULL), 0);
    wait_for_end("tls", before + 2);
    close(http1);
    close(http2);
    close(garbage);
    assert_serves(it);
}

/* ---- ends --------------------------------------------------------------------------------------------------------- */

static void the_end_is_said_before_the_socket_is_closed(void **state)
{
    char bytes[2000];
    struct client client = client_open(*state, NULL, 0, 0);
    client_write(&client, GET_CLOSE);
    assert_int_equal(client_read(&client, bytes, sizeof bytes, NULL), SSL_ERROR_ZERO_RETURN);
    assert_non_null(strstr(bytes, "page\n"));
    client_close(&client);
}

static void who_says_the_end_after_the_request_still_gets_the_answer(void **state)
{
    char bytes[2000];
    struct client client = client_open(*state, NULL, 0, 0);
    client_write(&client, GET_PAGE);
    SSL_shutdown(client.ssl);
    shutdown(client.fd, SHUT_WR);
    assert_int_equal(client_read(&client, bytes, sizeof bytes, NULL), SSL_ERROR_ZERO_RETURN);
    assert_non_null(strstr(bytes, "page\n"));
    client_close(&client);
}

static void who_just_closes_its_socket_is_an_ordinary_end(void **state)
{
    int64_t by_peer = ended("peer"), by_tls = ended("tls");
    struct client client = client_open(*state, NULL, 0, 0);
    assert_page(&client);
    client_close(&client);
    wait_for_end("peer", by_peer);
    assert_int_equal(ended("tls"), by_tls);
}

/* ---- slow readers ------------------------------------------------------------------------------------------------- */

enum { PIPELINED = 20000, PIPELINED_AT_ONCE = 100 };

/* Asks for megabytes of pages and reads nothing of them. */
static struct client ask_for_much(const struct fixture *it)
{
    static char requests[PIPELINED_AT_ONCE * sizeof GET_PAGE];
    requests[0] = '\0';
    for (unsigned i = 0; i < PIPELINED_AT_ONCE; i++)
        strcat(requests, GET_PAGE);
    struct client client = client_open(it, NULL, 0, 0);
    const int small = 64 * 1024;
    setsockopt(client.fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
    for (unsigned i = 0; i < PIPELINED / PIPELINED_AT_ONCE; i++)
        client_write(&client, requests);
    return client;
}

static void who_reads_late_gets_all_that_was_asked_for(void **state)
{
    struct client client = ask_for_much(*state);
    client_write(&client, GET_CLOSE);
    static char bytes[PIPELINED * 300];
    assert_int_equal(client_read(&client, bytes, sizeof bytes, NULL), SSL_ERROR_ZERO_RETURN);
    unsigned count = 0;
    for (const char *at = bytes; (at = strstr(at, "\r\n\r\npage\n")); at++)
        count++;
    assert_int_equal(count, PIPELINED + 1);
    client_close(&client);
}

static void who_reads_nothing_is_cut_off(void **state)
{
    struct net_limits limits = net_limits_default();
    limits.sweep_ms = 5;
    limits.stalled_ms = 50;
    struct fixture it = *(struct fixture *)*state;
    it.server = test_server_start_tls(&limits, &test_calls_table, NULL, it.tls);
    int64_t before = ended("stalled");
    struct client client = ask_for_much(&it);
    wait_for_end("stalled", before);
    client_close(&client);
    test_server_stop(it.server);
}

/* ---- floods ------------------------------------------------------------------------------------------------------- */

static void a_few_new_keys_are_fine_and_a_flood_of_them_is_not(void **state)
{
    int64_t before = ended("flood");
    struct client client = client_open(*state, NULL, TLS1_3_VERSION, TLS1_3_VERSION);
    for (unsigned i = 0; i < 5; i++) {
        SSL_key_update(client.ssl, SSL_KEY_UPDATE_REQUESTED);
        assert_page(&client);
    }
    for (unsigned i = 0; i < 20; i++) {
        SSL_key_update(client.ssl, SSL_KEY_UPDATE_NOT_REQUESTED);
        if (SSL_do_handshake(client.ssl) != 1)
            break;
    }
    char bytes[100];
    assert_int_not_equal(client_read(&client, bytes, sizeof bytes, NULL), SSL_ERROR_NONE);
    wait_for_end("flood", before);
    client_close(&client);
    assert_serves(*state);
}

static void nobody_renegotiates(void **state)
{
    struct client client = client_open(*state, NULL, TLS1_2_VERSION, TLS1_2_VERSION);
    assert_page(&client);
    char bytes[100];
    assert_int_equal(SSL_renegotiate(client.ssl), 1);
    if (SSL_do_handshake(client.ssl) == 1) /* it is only begun */
        assert_int_not_equal(client_read(&client, bytes, sizeof bytes, NULL), SSL_ERROR_NONE);
    assert_int_equal(ERR_GET_REASON(ERR_peek_last_error()), SSL_R_NO_RENEGOTIATION);
    client_close(&client);
    assert_serves(*state);
}

/* ---- files -------------------------------------------------------------------------------------------------------- */

static void assert_refused(struct arena *arena, const char *certificate, const char *key, const char *field,
                           const char *says)
{
    struct tls *tls = NULL;
    struct status status = tls_open(arena, certificate, key, &tls);
    assert_int_equal(status.code, STATUS_INVALID_ARGUMENT);
    assert_string_equal(status.field, field);
    if (!strstr(status.message, says))
        fail_msg("\"%s\" is not in: %s", says, status.message);
    assert_null(tls);
}

static void files_that_are_of_no_use_are_named(void **state)
{
    struct fixture *it = *state;
    static const char locked_key[] =
        "-----BEGIN EC PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: "
        "AES-128-CBC,00000000000000000000000000000000\n\nAAAAAAAAAAAAAAAAAAAAAA==\n-----END EC PRIVATE "
        "KEY-----\n";
    char scrap[96], locked[96];
    snprintf(scrap, sizeof scrap, "%s/scrap.pem", files.folder);
    snprintf(locked, sizeof locked, "%s/locked.pem", files.folder);
    test_file_write(scrap, "no certificate\n");
    test_file_write(locked, locked_key);
    assert_refused(it->arena, "/none.pem", files.good_key, "tls-certificate", "/none.pem");
    assert_refused(it->arena, "/none.pem", files.good_key, "tls-certificate", "No such file");
    assert_refused(it->arena, scrap, files.good_key, "tls-certificate", "no start line");
    assert_refused(it->arena, files.good, "/none.pem", "tls-key", "No such file");
    assert_refused(it->arena, files.good, scrap, "tls-key", scrap);
    assert_refused(it->arena, files.good, files.elsewhere_key, "tls-key", "not the certificate's");
    assert_refused(it->arena, files.good, locked, "tls-key", "passphrase");
    unlink(scrap);
    unlink(locked);
}

static X509 *certificate_of(const struct fixture *it)
{
    struct client client = client_open(it, NULL, 0, 0);
    assert_true(client.is_shaken);
    X509 *certificate = SSL_get1_peer_certificate(client.ssl);
    client_close(&client);
    return certificate;
}

static void a_new_certificate_is_for_new_connections_and_a_bad_one_for_none(void **state)
{
    struct fixture *it = *state;
    struct test_certificates newer;
    test_certificates_make(&newer);
    struct client early = client_open(it, NULL, 0, 0);
    X509 *first = certificate_of(it);

    test_file_write(files.good, "spoilt\n");
    log_set_level((enum log_level)(LOG_ERROR + 1)); /* the error in the log is meant */
    struct status status = tls_reload(it->tls, it->arena);
    log_set_level(LOG_ERROR);
    assert_string_equal(status.field, "tls-certificate");
    X509 *second = certificate_of(it);
    assert_int_equal(X509_cmp(first, second), 0);

    test_file_replace(files.good, newer.good);
    test_file_replace(files.good_key, newer.good_key);
    test_file_replace(files.ca, newer.ca);
    assert_true(status_ok(tls_reload(it->tls, it->arena)));
    X509 *third = certificate_of(it);
    assert_int_not_equal(X509_cmp(first, third), 0);
    assert_page(&early);
    client_close(&early);
    X509_free(first);
    X509_free(second);
    X509_free(third);
    test_certificates_remove(&newer);
}

#define TEST(NAME) cmocka_unit_test_setup_teardown(NAME, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(http2_is_chosen_before_http1_and_nothing_else_is_spoken),
        TEST(tls_1_2_and_1_3_are_spoken_and_older_versions_are_not),
        TEST(who_does_not_finish_the_handshake_is_closed_in_time),
        TEST(cleartext_is_told_where_it_is_understood_and_closed_without_a_reset),
        TEST(the_end_is_said_before_the_socket_is_closed),
        TEST(who_says_the_end_after_the_request_still_gets_the_answer),
        TEST(who_just_closes_its_socket_is_an_ordinary_end),
        TEST(who_reads_late_gets_all_that_was_asked_for),
        TEST(who_reads_nothing_is_cut_off),
        TEST(a_few_new_keys_are_fine_and_a_flood_of_them_is_not),
        TEST(nobody_renegotiates),
        TEST(files_that_are_of_no_use_are_named),
        TEST(a_new_certificate_is_for_new_connections_and_a_bad_one_for_none),
    };
    return cmocka_run_group_tests(tests, make_files, remove_files);
}
