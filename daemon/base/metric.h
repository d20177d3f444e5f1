#pragma once

#include <stddef.h>
#include <stdint.h>

struct text_buffer;

/* Counters, gauges and histograms in Prometheus' text form. A metric is made once at start and lives as long as the
 * process; setting and counting is atomic, from any thread. Names begin with "partnerd_"; counters end in "_total";
 * units are base units. Labels come from closed sets: each combination is a metric of its own, made at start. */
struct metric;

enum metric_kind { METRIC_COUNTER, METRIC_GAUGE, METRIC_HISTOGRAM };

/* `labels` is "" or ready text such as `method="FindHosts",code="OK"`. Metrics of one name need the same kind and help.
 * The same name and labels give the same metric. Name and help are static; labels are copied. */
struct metric *metric_new(enum metric_kind kind, const char *name, const char *labels, const char *help);

void metric_add(struct metric *metric, uint64_t by);
void metric_set(struct metric *metric, int64_t value);
/* Of a histogram of seconds: buckets from 100 us to 10 s. */
void metric_observe_ns(struct metric *metric, int64_t ns);
int64_t metric_value(const struct metric *metric);

/* All metrics, ordered by name. */
void metric_write_all(struct text_buffer *out);
