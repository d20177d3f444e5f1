#include "base/metric.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/text.h"

/* Upper bounds of the histogram's buckets, in nanoseconds; the last bucket is the rest. */
static const int64_t bucket_ns[] = {100000,     250000,     500000,     1000000,    2500000,   5000000,
                                    10000000,   25000000,   50000000,   100000000,  250000000, 500000000,
                                    1000000000, 2500000000, 5000000000, 10000000000};

enum { BUCKET_COUNT = sizeof bucket_ns / sizeof *bucket_ns };

struct metric {
    enum metric_kind kind;
    const char *name, *help;
    char *labels;
    _Atomic int64_t value; /* a histogram's sum in ns */
    _Atomic uint64_t buckets[BUCKET_COUNT + 1];
};

/* All metrics, kept in order of name and labels. Made at start, so the lock is not on any hot path. */
static struct {
    pthread_mutex_t lock;
    struct metric **all;
    size_t count, capacity;
} registry = {.lock = PTHREAD_MUTEX_INITIALIZER};

static int compare(const struct metric *metric, const char *name, const char *labels)
{
    int order = strcmp(metric->name, name);
    return order ? order : strcmp(metric->labels, labels);
}

static struct metric *registry_find(const char *name, const char *labels, size_t *ret_place)
{
    size_t low = 0, high = registry.count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        int order = compare(registry.all[middle], name, labels);
        if (order == 0)
            return registry.all[middle];
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    *ret_place = low;
    return NULL;
}

struct metric *metric_new(enum metric_kind kind, const char *name, const char *labels, const char *help)
{
    pthread_mutex_lock(&registry.lock);
    size_t place = 0;
    struct metric *metric = registry_find(name, labels, &place);
    if (!metric) {
        if (registry.count == registry.capacity) {
            registry.capacity = registry.capacity ? registry.capacity * 2 : 64;
            registry.all = heap_realloc(registry.all, registry.capacity * sizeof(struct metric *));
        }
        memmove(registry.all + place + 1, registry.all + place,
                (registry.count - place) * sizeof(struct metric *));
        metric = heap_zalloc(sizeof *metric);
        metric->kind = kind;
        metric->name = name;
        metric->help = help;
        metric->labels = heap_strdup(labels);
        registry.all[place] = metric;
        registry.count++;
    }
    pthread_mutex_unlock(&registry.lock);
    return metric;
}

void metric_add(struct metric *metric, uint64_t by)
{
    atomic_fetch_add_explicit(&metric->value, (int64_t)by, memory_order_relaxed);
}

void metric_set(struct metric *metric, int64_t value)
{
    atomic_store_explicit(&metric->value, value, memory_order_relaxed);
}

void metric_observe_ns(struct metric *metric, int64_t ns)
{
    size_t bucket = 0;
    while (bucket < BUCKET_COUNT && ns > bucket_ns[bucket])
        bucket++;
    atomic_fetch_add_explicit(&metric->buckets[bucket], 1, memory_order_relaxed);
    metric_add(metric, (uint64_t)ns);
}

int64_t metric_value(const struct metric *metric)
{
    return atomic_load_explicit(&metric->value, memory_order_relaxed);
}

static void write_histogram(struct text_buffer *out, const struct metric *metric)
{
    const char *comma = *metric->labels ? "," : "";
    uint64_t count = 0;
    for (size_t i = 0; i <= BUCKET_COUNT; i++) {
        count += atomic_load_explicit(&metric->buckets[i], memory_order_relaxed);
        if (i < BUCKET_COUNT)
            text_buffer_format(out, "%s_bucket{%s%sle=\"%g\"} %llu\n", metric->name, metric->labels, comma,
                               (double)bucket_ns[i] / 1e9, (unsigned long long)count);
    }
    text_buffer_format(out, "%s_bucket{%s%sle=\"+Inf\"} %llu\n", metric->name, metric->labels, comma,
                       (unsigned long long)count);
    const char *open = *metric->labels ? "{" : "", *close = *metric->labels ? "}" : "";
    text_buffer_format(out, "%s_sum%s%s%s %.9f\n%s_count%s%s%s %llu\n", metric->name, open, metric->labels,
                       close, (double)metric_value(metric) / 1e9, metric->name, open, metric->labels, close,
                       (unsigned long long)count);
}

static void write_one(struct text_buffer *out, const struct metric *metric)
{
    if (metric->kind == METRIC_HISTOGRAM) {
        write_histogram(out, metric);
        return;
    }
    const char *open = *metric->labels ? "{" : "", *close = *metric->labels ? "}" : "";
    text_buffer_format(out, "%s%s%s%s %lld\n", metric->name, open, metric->labels, close,
                       (long long)metric_value(metric));
}

void metric_write_all(struct text_buffer *out)
{
    static const char *const kinds[] = {"counter", "gauge", "histogram"};
    pthread_mutex_lock(&registry.lock);
    const char *last = "";
    for (size_t i = 0; i < registry.count; i++) {
        const struct metric *metric = registry.all[i];
        if (strcmp(metric->name, last) != 0)
            text_buffer_format(out, "# HELP %s %s\n# TYPE %s %s\n", metric->name, metric->help, metric->name,
                               kinds[metric->kind]);
        last = metric->name;
        write_one(out, metric);
    }
    pthread_mutex_unlock(&registry.lock);
}
