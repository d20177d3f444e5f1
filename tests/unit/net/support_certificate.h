#pragma once

#include <stdbool.h>

/* Certificates made for the test, in a folder of their own: PEM files of an authority, and of servers that it has signed
 * or not. */
struct test_certificates {
    char folder[64];
    char ca[96];        /* the authority */
    char other_ca[96];  /* one that has signed nothing */
    char good[96];      /* for localhost, 127.0.0.1 and ::1, with the key ... */
    char good_key[96];  /* ... of this file */
    char elsewhere[96]; /* for elsewhere.example; its key: elsewhere_key */
    char elsewhere_key[96];
    char expired[96]; /* like good, until yesterday; its key: expired_key */
    char expired_key[96];
};

void test_certificates_make(struct test_certificates *certificates);
void test_certificates_remove(const struct test_certificates *certificates);
/* Puts a file in the place of another, as a rename does. */
void test_file_replace(const char *file, const char *by);
void test_file_write(const char *file, const char *text);
