#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "net/http1_head.h"

enum { MOST_BYTES = 512, MOST_FIELDS = 4 };

#define HOST "Host: h\r\n"
#define LINE "GET / HTTP/1.1\r\n"

struct example {
    const char *name, *head;
    unsigned fault; /* 0: it is fine */
};

static const struct example examples[] = {
    {"plain", LINE HOST "\r\n", 0},
    {"old", "GET / HTTP/1.0\r\n\r\n", 0},
    {"star", "OPTIONS * HTTP/1.1\r\n" HOST "\r\n", 0},
    {"blanks around a value", LINE "Host: \t h \t\r\n\r\n", 0},
    {"no blank before a value", LINE "Host:h\r\n\r\n", 0},
    {"letters beyond ASCII in a value", LINE HOST "X: \xc3\xa9\r\n\r\n", 0},
    {"one length", LINE HOST "Content-Length: 12\r\n\r\n", 0},
    {"expects", LINE HOST "Expect: 100-Continue\r\n\r\n", 0},
    {"as many fields as may be", LINE HOST "A: 1\r\nB: 2\r\nC: 3\r\n\r\n", 0},

    {"no host", LINE "\r\n", 400},
    {"two hosts", LINE HOST HOST "\r\n", 400},
    {"bare LF in the request line", "GET / HTTP/1.1\n" HOST "\r\n", 400},
    {"bare LF after a field", LINE "Host: h\n\r\n", 400},
    {"bare LF as the end", LINE HOST "\n", 400},
    {"bare CR in a value", LINE HOST "X: a\rb\r\n\r\n", 400},
    {"two CRs", LINE HOST "X: a\r\r\n\r\n", 400},
    {"a line that goes on in the next", LINE HOST "X: a\r\n b\r\n\r\n", 400},
    {"a tab that goes on", LINE HOST "X: a\r\n\tb\r\n\r\n", 400},
    {"blank before the colon", LINE HOST "Content-Length : 1\r\n\r\n", 400},
    {"no colon", LINE HOST "X\r\n\r\n", 400},
    {"no name", LINE HOST ": x\r\n\r\n", 400},
    {"a control character", LINE HOST "X: \x01\r\n\r\n", 400},
    {"delete", LINE HOST "X: \x7f\r\n\r\n", 400},
    {"empty line first", "\r\n" LINE HOST "\r\n", 400},
    {"nothing", "\r\n", 400},
    {"no version", "GET /\r\n" HOST "\r\n", 400},
    {"two blanks", "GET  / HTTP/1.1\r\n" HOST "\r\n", 400},
    {"blank in the path", "GET /a b HTTP/1.1\r\n" HOST "\r\n", 400},
    {"blank after the version", "GET / HTTP/1.1 \r\n" HOST "\r\n", 400},
    {"an address as the path", "GET http://h/ HTTP/1.1\r\n" HOST "\r\n", 400},
    {"letters beyond ASCII in the path", "GET /\xc3\xa9 HTTP/1.1\r\n" HOST "\r\n", 400},
    {"a method that is no word", "G(T / HTTP/1.1\r\n" HOST "\r\n", 400},
    {"a word that is no version", "GET / HTTQ/1.1\r\n" HOST "\r\n", 400},
    {"another version", "GET / HTTP/2.0\r\n" HOST "\r\n", 505},
    {"two lengths", LINE HOST "Content-Length: 1\r\nContent-Length: 2\r\n\r\n", 400},
    {"the same length twice", LINE HOST "Content-Length: 1\r\nContent-Length: 1\r\n\r\n", 400},
    {"a list of lengths", LINE HOST "Content-Length: 1, 1\r\n\r\n", 400},
    {"a length with a sign", LINE HOST "Content-Length: +1\r\n\r\n", 400},
    {"a length below zero", LINE HOST "Content-Length: -1\r\n\r\n", 400},
    {"a length in hex", LINE HOST "Content-Length: 0x1\r\n\r\n", 400},
    {"no length", LINE HOST "Content-Length: \r\n\r\n", 400},
    {"a length beyond all", LINE HOST "Content-Length: 99999999999999999999\r\n\r\n", 400},
    {"chunks", LINE HOST "Transfer-Encoding: chunked\r\n\r\n", 411},
    {"length and chunks", LINE HOST "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", 400},
    {"chunks and length", LINE HOST "Transfer-Encoding: chunked\r\nContent-Length: 1\r\n\r\n", 411},
    {"chunks in the old version", "GET / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", 400},
    {"expects something else", LINE HOST "Expect: more\r\n\r\n", 417},
    {"a field too many", LINE HOST "A: 1\r\nB: 2\r\nC: 3\r\nD: 4\r\n\r\n", 431},
};

static unsigned read_head(const char *text, size_t step, char bytes[MOST_BYTES * 2], struct http1_head *head)
{
    size_t size = strlen(text), scanned = 0, have = 0;
    unsigned fault = 0;
    memcpy(bytes, text, size);
    while (have < size) {
        have = size - have < step ? size : have + step;
        size_t head_size = http1_head_size(bytes, have, MOST_BYTES, &scanned, &fault);
        if (fault)
            return fault;
        if (!head_size)
            continue;
        http1_head_parse(bytes, head_size, MOST_FIELDS, head);
        return head->fault;
    }
    return 1; /* no end */
}

static void each_head_is_judged_alike_whole_and_byte_by_byte(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof examples / sizeof *examples; i++) {
        char bytes[MOST_BYTES * 2];
        struct http1_head head;
        unsigned whole = read_head(examples[i].head, MOST_BYTES, bytes, &head);
        unsigned single = read_head(examples[i].head, 1, bytes, &head);
        if (whole != examples[i].fault || single != examples[i].fault)
            fail_msg("%s: %u whole, %u byte by byte, expected %u", examples[i].name, whole, single,
                     examples[i].fault);
    }
}

static void a_head_says_what_it_says(void **state)
{
    (void)state;
    char bytes[MOST_BYTES * 2];
    struct http1_head head;
    assert_int_equal(read_head("PUT /a/b?c=d HTTP/1.1\r\n" HOST
                               "content-length: 70\r\nConnection: a , CLOSE\r\n\r\n",
                               MOST_BYTES, bytes, &head),
                     0);
    assert_string_equal(head.method, "PUT");
    assert_string_equal(head.path, "/a/b");
    assert_int_equal(head.body_bytes, 70);
    assert_false(head.keep_alive);
    assert_int_equal(read_head(LINE HOST "Connection: keep-alive\r\n\r\n", MOST_BYTES, bytes, &head), 0);
    assert_true(head.keep_alive);
    assert_int_equal(read_head("GET / HTTP/1.0\r\n\r\n", MOST_BYTES, bytes, &head), 0);
    assert_false(head.keep_alive);
}

static void a_head_that_does_not_end_is_refused_at_the_limit(void **state)
{
    (void)state;
    char bytes[MOST_BYTES];
    size_t scanned = 0;
    unsigned fault = 0;
    memset(bytes, 'a', sizeof bytes);
    assert_int_equal(http1_head_size(bytes, MOST_BYTES - 1, MOST_BYTES, &scanned, &fault), 0);
    assert_int_equal(fault, 0);
    assert_int_equal(http1_head_size(bytes, MOST_BYTES, MOST_BYTES, &scanned, &fault), 0);
    assert_int_equal(fault, 414);
    fault = 0, scanned = 0;
    memcpy(bytes, LINE, sizeof LINE - 1);
    assert_int_equal(http1_head_size(bytes, MOST_BYTES, MOST_BYTES, &scanned, &fault), 0);
    assert_int_equal(fault, 431);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_head_is_judged_alike_whole_and_byte_by_byte),
        cmocka_unit_test(a_head_says_what_it_says),
        cmocka_unit_test(a_head_that_does_not_end_is_refused_at_the_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
