#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <netinet/in.h>

#include "net/address.h"
#include "net/address_count.h"
#include "net/bucket.h"

static struct peer v4(const char *host, unsigned port)
{
    struct peer peer;
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    inet_pton(AF_INET, host, &address.sin_addr);
    peer_init(&peer, (struct sockaddr *)&address);
    return peer;
}

static struct peer v6(const char *host, unsigned port)
{
    struct peer peer;
    struct sockaddr_in6 address = {.sin6_family = AF_INET6, .sin6_port = htons((uint16_t)port)};
    inet_pton(AF_INET6, host, &address.sin6_addr);
    peer_init(&peer, (struct sockaddr *)&address);
    return peer;
}

static void a_peer_is_named_and_known_as_loopback(void **state)
{
    (void)state;
    assert_string_equal(v4("10.1.2.3", 80).text, "10.1.2.3:80");
    assert_string_equal(v4("10.1.2.3", 80).key, "10.1.2.3");
    assert_string_equal(v6("::1", 65535).text, "[::1]:65535");
    assert_true(v4("127.9.9.9", 1).is_loopback);
    assert_false(v4("128.0.0.1", 1).is_loopback);
    assert_true(v6("::1", 1).is_loopback);
    assert_true(v6("::ffff:127.0.0.1", 1).is_loopback);
    assert_false(v6("::ffff:10.0.0.1", 1).is_loopback);
    assert_false(v6("::2", 1).is_loopback);
}

static void addresses_of_one_network_count_as_one(void **state)
{
    (void)state;
    assert_string_equal(v6("2001:db8:1:2::1", 1).key, v6("2001:db8:1:2:ffff::9", 2).key);
    assert_string_not_equal(v6("2001:db8:1:2::1", 1).key, v6("2001:db8:1:3::1", 1).key);
    assert_string_not_equal(v6("::ffff:10.0.0.1", 1).key, v6("::ffff:10.0.0.2", 1).key);
}

static void connections_are_counted_by_address(void **state)
{
    (void)state;
    struct address_count *count = address_count_new();
    assert_int_equal(address_count_add(count, "a"), 1);
    assert_int_equal(address_count_add(count, "a"), 2);
    assert_int_equal(address_count_add(count, "b"), 1);
    assert_int_equal(address_count_remove(count, "a"), 1);
    assert_int_equal(address_count_remove(count, "a"), 0);
    assert_int_equal(address_count_remove(count, "a"), 0);
    assert_int_equal(address_count_add(count, "a"), 1);
    assert_int_equal(address_count_add(count, "b"), 2);
    address_count_free(count);
}

static void an_address_is_split_into_host_and_port(void **state)
{
    (void)state;
    char host[256], port[6];
    assert_true(address_split("127.0.0.1:8470", host, port));
    assert_string_equal(host, "127.0.0.1");
    assert_string_equal(port, "8470");
    assert_true(address_split("[::1]:0", host, port));
    assert_string_equal(host, "::1");
    assert_true(address_split(":80", host, port));
    assert_string_equal(host, "");
    char longer[400];
    memset(longer, 'h', sizeof longer);
    strcpy(longer + 300, ":80");
    assert_false(address_split(longer, host, port));
}

static void a_bucket_gives_its_burst_and_then_its_rate(void **state)
{
    (void)state;
    struct bucket bucket;
    bucket_init(&bucket, 3, 0.5, 1000);
    for (unsigned i = 0; i < 3; i++)
        assert_true(bucket_take(&bucket, 1000));
    assert_false(bucket_take(&bucket, 1000));
    assert_false(bucket_take(&bucket, 2999));
    assert_true(bucket_take(&bucket, 3000));
    assert_false(bucket_take(&bucket, 3000));
    for (unsigned i = 0; i < 3; i++)
        assert_true(bucket_take(&bucket, 1000000));
    assert_false(bucket_take(&bucket, 1000000));
    bucket_fill(&bucket);
    assert_true(bucket_take(&bucket, 1000000));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_peer_is_named_and_known_as_loopback),
        cmocka_unit_test(addresses_of_one_network_count_as_one),
        cmocka_unit_test(connections_are_counted_by_address),
        cmocka_unit_test(an_address_is_split_into_host_and_port),
        cmocka_unit_test(a_bucket_gives_its_burst_and_then_its_rate),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
