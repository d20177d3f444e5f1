#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/metric.h"
#include "base/text.h"

static void assert_written(const char *part)
{
    struct text_buffer out = {0};
    metric_write_all(&out);
    if (!strstr(out.bytes, part))
        fail_msg("no \"%s\" in:\n%s", part, out.bytes);
    text_buffer_fini(&out);
}

static void a_counter_adds_up(void **)
{
    struct metric *calls = metric_new(METRIC_COUNTER, "partnerd_t1_total", "method=\"A\"", "calls");
    metric_add(calls, 2);
    metric_add(calls, 3);
    assert_int_equal(metric_value(calls), 5);
    assert_written("# HELP partnerd_t1_total calls\n# TYPE partnerd_t1_total counter\n"
                   "partnerd_t1_total{method=\"A\"} 5\n");
}

static void a_gauge_shows_what_was_set(void **)
{
    struct metric *open = metric_new(METRIC_GAUGE, "partnerd_t2", "", "open connections");
    metric_set(open, 7);
    metric_set(open, -2);
    assert_written("# TYPE partnerd_t2 gauge\npartnerd_t2 -2\n");
}

static void the_same_name_and_labels_are_one_metric(void **)
{
    char labels[] = "code=\"OK\"";
    struct metric *one = metric_new(METRIC_COUNTER, "partnerd_t3_total", labels, "x");
    labels[6] = 'N';
    struct metric *other = metric_new(METRIC_COUNTER, "partnerd_t3_total", labels, "x");
    assert_ptr_not_equal(one, other);
    assert_ptr_equal(metric_new(METRIC_COUNTER, "partnerd_t3_total", "code=\"OK\"", "x"), one);
    assert_ptr_equal(metric_new(METRIC_COUNTER, "partnerd_t3_total", "code=\"NK\"", "x"), other);
    assert_written("counter\npartnerd_t3_total{code=\"NK\"} 0\npartnerd_t3_total{code=\"OK\"} 0\n");
}

static void a_histogram_has_buckets_that_include_the_lower_ones(void **)
{
    struct metric *seconds = metric_new(METRIC_HISTOGRAM, "partnerd_t4_seconds", "m=\"B\"", "how long");
    metric_observe_ns(seconds, 100000); /* on the bound: in the bucket */
    metric_observe_ns(seconds, 100001);
    metric_observe_ns(seconds, INT64_C(20000000000));
    assert_written(
        "# TYPE partnerd_t4_seconds histogram\npartnerd_t4_seconds_bucket{m=\"B\",le=\"0.0001\"} 1\n"
        "partnerd_t4_seconds_bucket{m=\"B\",le=\"0.00025\"} 2\n");
    assert_written("partnerd_t4_seconds_bucket{m=\"B\",le=\"10\"} 2\n"
                   "partnerd_t4_seconds_bucket{m=\"B\",le=\"+Inf\"} 3\n"
                   "partnerd_t4_seconds_sum{m=\"B\"} 20.000200001\npartnerd_t4_seconds_count{m=\"B\"} 3\n");
}

static void a_histogram_without_labels_is_well_formed(void **)
{
    metric_observe_ns(metric_new(METRIC_HISTOGRAM, "partnerd_t5_seconds", "", "x"), 1);
    assert_written("partnerd_t5_seconds_bucket{le=\"0.0001\"} 1\n");
    assert_written("partnerd_t5_seconds_sum 0.000000001\npartnerd_t5_seconds_count 1\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_counter_adds_up),
        cmocka_unit_test(a_gauge_shows_what_was_set),
        cmocka_unit_test(the_same_name_and_labels_are_one_metric),
        cmocka_unit_test(a_histogram_has_buckets_that_include_the_lower_ones),
        cmocka_unit_test(a_histogram_without_labels_is_well_formed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
