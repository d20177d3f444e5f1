#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <arpa/inet.h>
#include <event2/bufferevent_ssl.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "loop/loop.h"
#include "net/channel_parts.h"

static const unsigned char only_http2[] = "\x02h2";

struct ssl_ctx_st *channel_tls_new(const char *ca_file)
{
    SSL_CTX *context = SSL_CTX_new(TLS_client_method());
    if (!context)
        abort();
    SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
    SSL_CTX_set_options(context,
                        SSL_OP_NO_RENEGOTIATION | SSL_OP_IGNORE_UNEXPECTED_EOF | SSL_OP_NO_COMPRESSION);
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER, NULL);
    SSL_CTX_set_alpn_protos(context, only_http2, sizeof only_http2 - 1);
    ERR_clear_error();
    if ((ca_file ? SSL_CTX_load_verify_file(context, ca_file) : SSL_CTX_set_default_verify_paths(context)) !=
        1) {
        SSL_CTX_free(context);
        context = NULL;
    }
    ERR_clear_error();
    return context;
}

void channel_tls_free(struct ssl_ctx_st *context)
{
    SSL_CTX_free(context);
}

static bool is_address(const char *host)
{
    unsigned char bytes[sizeof(struct in6_addr)];
    return inet_pton(AF_INET, host, bytes) == 1 || inet_pton(AF_INET6, host, bytes) == 1;
}

/* The name that the certificate must have is the target's own. */
static bool expect_host(SSL *ssl, const char *host)
{
    if (is_address(host))
        return X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), host) == 1;
    SSL_set_hostflags(ssl, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    return SSL_set1_host(ssl, host) == 1 && SSL_set_tlsext_host_name(ssl, host) == 1;
}

struct bufferevent *channel_tls_stream(struct channel *channel)
{
    SSL *ssl = SSL_new(channel->tls);
    if (!ssl)
        abort();
    if (!expect_host(ssl, channel->host)) {
        SSL_free(ssl);
        ERR_clear_error();
        return NULL;
    }
    struct bufferevent *stream = bufferevent_openssl_socket_new(
        loop_base(channel->loop), -1, ssl, BUFFEREVENT_SSL_CONNECTING, BEV_OPT_CLOSE_ON_FREE);
    if (!stream)
        abort();
    bufferevent_openssl_set_allow_dirty_shutdown(stream, 1);
    return stream;
}

bool channel_tls_is_http2(struct bufferevent *stream)
{
    const unsigned char *chosen;
    unsigned size;
    SSL_get0_alpn_selected(bufferevent_openssl_get_ssl(stream), &chosen, &size);
    return size == 2 && memcmp(chosen, "h2", 2) == 0;
}

static const char *certificate_fault(struct channel_connection *connection, long result)
{
    switch (result) {
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH:
        snprintf(connection->fault, sizeof connection->fault, "its certificate is for another name than %s",
                 connection->channel->host);
        return connection->fault;
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
        return "its certificate is signed by nobody who is trusted here";
    case X509_V_ERR_CERT_HAS_EXPIRED:
        return "its certificate has expired";
    case X509_V_ERR_CERT_NOT_YET_VALID:
        return "its certificate is not valid yet, or the clock here is wrong";
    default:
        snprintf(connection->fault, sizeof connection->fault, "its certificate is refused: %s",
                 X509_verify_cert_error_string(result));
        return connection->fault;
    }
}

static const char *protocol_fault(struct channel_connection *connection, unsigned long error)
{
    switch (ERR_GET_REASON(error)) {
    case SSL_R_WRONG_VERSION_NUMBER:
    case SSL_R_HTTP_REQUEST:
        return "it does not speak TLS; is it http://?";
    case SSL_R_TLSV1_ALERT_NO_APPLICATION_PROTOCOL:
        return "it does not offer HTTP/2 over TLS";
    case SSL_R_UNEXPECTED_EOF_WHILE_READING:
        return "it closed the connection within the TLS handshake";
    default: {
        const char *reason = ERR_reason_error_string(error);
        snprintf(connection->fault, sizeof connection->fault, "TLS fails: %s",
                 reason ? reason : "no reason is known");
        return connection->fault;
    }
    }
}

const char *channel_tls_fault(struct channel_connection *connection)
{
    long result = SSL_get_verify_result(bufferevent_openssl_get_ssl(connection->stream));
    unsigned long error, first = 0;
    /* The queue of a stream gives its last error first. */
    while ((error = bufferevent_get_openssl_error(connection->stream)))
        if (ERR_GET_LIB(error) == ERR_LIB_SSL)
            first = error;
    if (result != X509_V_OK)
        return certificate_fault(connection, result);
    return first ? protocol_fault(connection, first) : NULL;
}
