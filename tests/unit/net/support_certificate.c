#include "net/support_certificate.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

enum { DAY_SECONDS = 24 * 3600 };

struct authority {
    X509 *certificate;
    EVP_PKEY *key;
};

static void add_extension(X509 *certificate, X509 *issuer, int kind, const char *value)
{
    X509V3_CTX context;
    X509V3_set_ctx_nodb(&context);
    X509V3_set_ctx(&context, issuer, certificate, NULL, NULL, 0);
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &context, kind, value);
    assert_non_null(extension);
    X509_add_ext(certificate, extension, -1);
    X509_EXTENSION_free(extension);
}

/* Signed by the authority, or by itself where there is none: then it is one. */
static struct authority make(const char *name, const char *names, const struct authority *by, int from_days,
                             int to_days)
{
    static long serial = 1;
    struct authority made = {X509_new(), EVP_EC_gen("P-256")};
    assert_true(made.certificate && made.key);
    X509 *issuer = by ? by->certificate : made.certificate;
    X509_set_version(made.certificate, X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(made.certificate), serial++);
    X509_gmtime_adj(X509_getm_notBefore(made.certificate), (long)from_days * DAY_SECONDS);
    X509_gmtime_adj(X509_getm_notAfter(made.certificate), (long)to_days * DAY_SECONDS);
    X509_set_pubkey(made.certificate, made.key);
    X509_NAME_add_entry_by_txt(X509_get_subject_name(made.certificate), "CN", MBSTRING_ASC,
                               (const unsigned char *)name, -1, -1, 0);
    X509_set_issuer_name(made.certificate, X509_get_subject_name(issuer));
    if (!by)
        add_extension(made.certificate, issuer, NID_basic_constraints, "critical,CA:TRUE");
    if (names)
        add_extension(made.certificate, issuer, NID_subject_alt_name, names);
    assert_true(X509_sign(made.certificate, by ? by->key : made.key, EVP_sha256()) > 0);
    return made;
}

static void write_files(const struct authority *made, const char *file, const char *key_file)
{
    FILE *out = fopen(file, "we");
    assert_non_null(out);
    assert_int_equal(PEM_write_X509(out, made->certificate), 1);
    fclose(out);
    if (!key_file)
        return;
    assert_non_null(out = fopen(key_file, "we"));
    assert_int_equal(PEM_write_PrivateKey(out, made->key, NULL, NULL, 0, NULL, NULL), 1);
    fclose(out);
}

static void free_authority(const struct authority *made)
{
    X509_free(made->certificate);
    EVP_PKEY_free(made->key);
}

static void make_server(const struct authority *ca, const char *names, int from_days, int to_days,
                        const char *file, const char *key_file)
{
    struct authority made = make("a server", names, ca, from_days, to_days);
    write_files(&made, file, key_file);
    free_authority(&made);
}

static void name_file(char place[96], const struct test_certificates *certificates, const char *name)
{
    snprintf(place, 96, "%s/%s.pem", certificates->folder, name);
}

void test_certificates_make(struct test_certificates *it)
{
    static const char here[] = "DNS:localhost,IP:127.0.0.1,IP:::1";
    strcpy(it->folder, "/tmp/partner-certificates-XXXXXX");
    assert_non_null(mkdtemp(it->folder));
    name_file(it->ca, it, "ca");
    name_file(it->other_ca, it, "other-ca");
    name_file(it->good, it, "good");
    name_file(it->good_key, it, "good-key");
    name_file(it->elsewhere, it, "elsewhere");
    name_file(it->elsewhere_key, it, "elsewhere-key");
    name_file(it->expired, it, "expired");
    name_file(it->expired_key, it, "expired-key");
    struct authority ca = make("an authority", NULL, NULL, -2, 30),
                     other = make("another one", NULL, NULL, -2, 30);
    write_files(&ca, it->ca, NULL);
    write_files(&other, it->other_ca, NULL);
    make_server(&ca, here, -2, 30, it->good, it->good_key);
    make_server(&ca, "DNS:elsewhere.example", -2, 30, it->elsewhere, it->elsewhere_key);
    make_server(&ca, here, -2, -1, it->expired, it->expired_key);
    free_authority(&ca);
    free_authority(&other);
}

void test_certificates_remove(const struct test_certificates *it)
{
    const char *files[] = {it->ca,        it->other_ca,      it->good,    it->good_key,
                           it->elsewhere, it->elsewhere_key, it->expired, it->expired_key};
    for (size_t i = 0; i < sizeof files / sizeof *files; i++)
        unlink(files[i]);
    rmdir(it->folder);
}

void test_file_write(const char *file, const char *text)
{
    FILE *out = fopen(file, "we");
    assert_non_null(out);
    assert_int_equal(fwrite(text, 1, strlen(text), out), strlen(text));
    fclose(out);
}

void test_file_replace(const char *file, const char *by)
{
    assert_int_equal(rename(by, file), 0);
}
