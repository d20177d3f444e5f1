#include "net/tls.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <event2/bufferevent.h>
#include <event2/bufferevent_ssl.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <sys/socket.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/metric.h"

enum { SOON_SECONDS = 14 * 24 * 3600, THROWN_AWAY_MOST_BYTES = 256 * 1024 };

struct tls {
    char *certificate_file, *key_file;
    pthread_mutex_t lock;
    SSL_CTX *context; /* under the lock; streams have references of their own */
    struct metric *expiry, *failed_reloads;
};

/* ---- reading the files ------------------------------------------------------------------------------------------ */

/* A key with a passphrase would make OpenSSL ask on the terminal. */
static int no_passphrase(char *buffer, int size, int writes, void *context)
{
    (void)buffer, (void)size, (void)writes, (void)context;
    return -1;
}

/* Of what the peer offers; with nothing in common the handshake ends. */
static int choose_protocol(SSL *ssl, const unsigned char **chosen, unsigned char *chosen_size,
                           const unsigned char *offered, unsigned offered_size, void *context)
{
    static const unsigned char ours[] = "\x02h2\x08http/1.1";
    (void)ssl, (void)context;
    unsigned char *found;
    if (SSL_select_next_proto(&found, chosen_size, ours, sizeof ours - 1, offered, offered_size) !=
        OPENSSL_NPN_NEGOTIATED)
        return SSL_TLSEXT_ERR_ALERT_FATAL;
    *chosen = found;
    return SSL_TLSEXT_ERR_OK;
}

static SSL_CTX *context_new(void)
{
    SSL_CTX *context = SSL_CTX_new(TLS_server_method());
    if (!context)
        abort();
    SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
    SSL_CTX_set_cipher_list(context, "ECDHE+AESGCM:ECDHE+CHACHA20"); /* of TLS 1.2; what HTTP/2 permits */
    SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_IGNORE_UNEXPECTED_EOF |
                                     SSL_OP_NO_COMPRESSION | SSL_OP_NO_TICKET |
                                     SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_PRIORITIZE_CHACHA);
    SSL_CTX_set_num_tickets(context, 0);
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS); /* an idle connection is to be small */
    /* A read ends with each record: whoever sends nothing but new keys does not keep us from the loop. */
    SSL_CTX_clear_mode(context, SSL_MODE_AUTO_RETRY);
    SSL_CTX_set_alpn_select_cb(context, choose_protocol, NULL);
    SSL_CTX_set_default_passwd_cb(context, no_passphrase);
    return context;
}

static struct status fault_of_file(struct arena *arena, const char *field, const char *file)
{
    unsigned long error = ERR_peek_error();
    const char *why = error ? ERR_reason_error_string(error) : NULL;
    if (access(file, R_OK) != 0)
        why = strerror(errno);
    else if (ERR_GET_REASON(error) == ERR_R_INTERRUPTED_OR_CANCELLED) /* so we answered */
        why = "it has a passphrase";
    else if (ERR_GET_LIB(error) == ERR_LIB_X509 && ERR_GET_REASON(error) == X509_R_KEY_VALUES_MISMATCH)
        why = "it is not the certificate's";
    struct status status =
        status_format(arena, STATUS_INVALID_ARGUMENT, field, "%s: %.300s can't be used: %s", field, file,
                      why ? why : "no reason is known");
    ERR_clear_error();
    return status;
}

static struct status read_files(const struct tls *tls, struct arena *arena, SSL_CTX **ret_context)
{
    SSL_CTX *context = context_new();
    struct status status = STATUS_NONE;
    ERR_clear_error();
    if (SSL_CTX_use_certificate_chain_file(context, tls->certificate_file) != 1)
        status = fault_of_file(arena, "tls-certificate", tls->certificate_file);
    else if (SSL_CTX_use_PrivateKey_file(context, tls->key_file, SSL_FILETYPE_PEM) != 1 ||
             SSL_CTX_check_private_key(context) != 1)
        status = fault_of_file(arena, "tls-key", tls->key_file);
    if (status_ok(status))
        *ret_context = context;
    else
        SSL_CTX_free(context);
    return status;
}

/* Says until when the certificate is good. */
static void note_expiry(const struct tls *tls, SSL_CTX *context)
{
    struct tm end = {0};
    if (ASN1_TIME_to_tm(X509_get0_notAfter(SSL_CTX_get0_certificate(context)), &end) != 1)
        return;
    int64_t end_s = timegm(&end), now_s = clock_realtime_us() / 1000000;
    char text[32];
    strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &end);
    metric_set(tls->expiry, end_s);
    log_event(end_s - now_s < SOON_SECONDS ? LOG_WARN : LOG_INFO, "tls.certificate",
              end_s <= now_s                 ? "the certificate has expired"
              : end_s - now_s < SOON_SECONDS ? "the certificate expires soon"
                                             : "the certificate has been read",
              LOG_TEXT("file", tls->certificate_file), LOG_TEXT("expires", text));
}

struct status tls_open(struct arena *arena, const char *certificate_file, const char *key_file,
                       struct tls **ret_tls)
{
    struct tls *tls = heap_zalloc(sizeof *tls);
    pthread_mutex_init(&tls->lock, NULL);
    tls->certificate_file = heap_strdup(certificate_file);
    tls->key_file = heap_strdup(key_file);
    tls->expiry = metric_new(METRIC_GAUGE, "partnerd_tls_certificate_expires_seconds", "",
                             "When the certificate in use expires, in seconds since 1970.");
    tls->failed_reloads = metric_new(METRIC_COUNTER, "partnerd_tls_failed_reloads_total", "",
                                     "Times that certificate and key were to be read again and could not.");
    struct status status = read_files(tls, arena, &tls->context);
    if (!status_ok(status)) {
        tls_free(tls);
        return status;
    }
    note_expiry(tls, tls->context);
    *ret_tls = tls;
    return status;
}

void tls_free(struct tls *tls)
{
    if (!tls)
        return;
    SSL_CTX_free(tls->context);
    pthread_mutex_destroy(&tls->lock);
    free(tls->certificate_file);
    free(tls->key_file);
    free(tls);
}

struct status tls_reload(struct tls *tls, struct arena *arena)
{
    SSL_CTX *context;
    struct status status = read_files(tls, arena, &context);
    if (!status_ok(status)) {
        metric_add(tls->failed_reloads, 1);
        log_event(LOG_ERROR, "tls.reload_failed", status.message, LOG_TEXT("field", status.field));
        return status;
    }
    note_expiry(tls, context);
    pthread_mutex_lock(&tls->lock);
    SSL_CTX *former = tls->context;
    tls->context = context;
    pthread_mutex_unlock(&tls->lock);
    SSL_CTX_free(former);
    return status;
}

/* ---- streams ---------------------------------------------------------------------------------------------------- */

struct bufferevent *tls_accept(struct tls *tls, struct event_base *base, int fd)
{
    pthread_mutex_lock(&tls->lock);
    SSL *ssl = SSL_new(tls->context);
    pthread_mutex_unlock(&tls->lock);
    if (!ssl)
        return NULL;
    struct bufferevent *stream =
        bufferevent_openssl_socket_new(base, fd, ssl, BUFFEREVENT_SSL_ACCEPTING, BEV_OPT_CLOSE_ON_FREE);
    if (!stream) {
        SSL_free(ssl);
        return NULL;
    }
    /* Many clients just close their socket. */
    bufferevent_openssl_set_allow_dirty_shutdown(stream, 1);
    return stream;
}

/* Each record passes by with its type: in TLS 1.2 in its header, in TLS 1.3 encrypted within. */
static void on_record(int is_written, int version, int type, const void *bytes, size_t size, SSL *ssl,
                      void *context)
{
    (void)version, (void)ssl;
    const struct tls_watch *watch = context;
    bool tells_type = type == SSL3_RT_HEADER || type == SSL3_RT_INNER_CONTENT_TYPE;
    if (!is_written && tells_type && size && *(const unsigned char *)bytes == SSL3_RT_HANDSHAKE)
        watch->heard(watch->context);
}

void tls_watch(struct bufferevent *stream, struct tls_watch *watch)
{
    SSL *ssl = bufferevent_openssl_get_ssl(stream);
    SSL_set_msg_callback(ssl, on_record);
    SSL_set_msg_callback_arg(ssl, watch);
}

void tls_say_end(struct bufferevent *stream)
{
    SSL *ssl = bufferevent_openssl_get_ssl(stream);
    if (SSL_is_init_finished(ssl) && !(SSL_get_shutdown(ssl) & SSL_SENT_SHUTDOWN))
        SSL_shutdown(ssl);
    ERR_clear_error();
}

/* To someone who speaks cleartext where TLS is spoken. HTTP/2 clients take it for what it is: no HTTP/2, and give up at
 * once. */
static const char cleartext_answer[] =
    "HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain; charset=utf-8\r\n"
    "Content-Length: 35\r\nConnection: close\r\n\r\n"
    "This port speaks TLS: use https://\n";

/* OpenSSL has read five bytes, and found "PRI *" to be no TLS. */
static bool is_rest_of_preface(int fd)
{
    static const char rest[] = " HTTP/2.0\r\n";
    char bytes[sizeof rest - 1];
    return recv(fd, bytes, sizeof bytes, MSG_DONTWAIT | MSG_PEEK) == sizeof bytes &&
           memcmp(bytes, rest, sizeof bytes) == 0;
}

static void answer_cleartext(int fd, int reason)
{
    bool is_http =
        reason == SSL_R_HTTP_REQUEST || (reason == SSL_R_WRONG_VERSION_NUMBER && is_rest_of_preface(fd));
    if (is_http && send(fd, cleartext_answer, sizeof cleartext_answer - 1, MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
        return; /* then not */
}

/* Closing a socket with unread input would make a reset, which can overtake what was said. */
static void throw_input_away(int fd)
{
    char bytes[4096];
    ssize_t size = 0;
    for (size_t total = 0; total < THROWN_AWAY_MOST_BYTES; total += (size_t)size)
        if ((size = recv(fd, bytes, sizeof bytes, MSG_DONTWAIT)) <= 0)
            break;
}

const char *tls_break_off(struct bufferevent *stream)
{
    int fd = bufferevent_getfd(stream);
    const char *reason = "the connection broke";
    unsigned long error;
    while ((error = bufferevent_get_openssl_error(stream))) {
        if (ERR_GET_LIB(error) != ERR_LIB_SSL)
            continue;
        answer_cleartext(fd, ERR_GET_REASON(error));
        if (ERR_reason_error_string(error))
            reason = ERR_reason_error_string(error);
    }
    shutdown(fd, SHUT_WR);
    throw_input_away(fd);
    return reason;
}
