/* How long a change takes to those who watch: Apply calls at a steady rate, and N watchers, each on a connection of its own.
 *
 *   watch_latency TARGET WATCHERS RATE SECONDS AFTER_REVISION
 *
 * The registries w0 to w7 exist. "committed to seen" begins at the time that the database gave the revision, just before the
 * commit; "sent to seen" at the call, so it has the write in it too. Each change counts once for each watcher. The first second
 * is left out. Prints one line of JSON. */

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/clock.h"
#include "loop/loop.h"
#include "loop/timer.h"
#include "net/channel.h"
#include "partner/v1/registry.pb-c.h"

enum {
    WRITERS = 8,
    BUCKET_US = 10,
    BUCKETS = 1000 * 1000,
    TURN_MS = 2,
    WARM_US = 1000 * 1000,
    GRACE_MS = 2000
};

struct times {
    uint32_t buckets[BUCKETS];
    uint64_t count;
};

struct bench {
    struct loop *loop;
    struct channel *writers[WRITERS];
    struct channel **watchers;
    unsigned watcher_count, rate;
    uint64_t after_revision;
    int64_t start_us, end_us;
    uint64_t sent, answered, failed, seen, messages;
    struct timer turn, grace;
    struct times from_commit, from_sending;
};

static void times_add(struct times *times, int64_t us)
{
    int64_t bucket = us < 0 ? 0 : us / BUCKET_US;
    times->buckets[bucket < BUCKETS ? bucket : BUCKETS - 1]++;
    times->count++;
}

static double times_ms(const struct times *times, double share)
{
    uint64_t left = (uint64_t)((double)times->count * share);
    for (size_t i = 0; i < BUCKETS; i++) {
        if (times->buckets[i] > left)
            return (double)(i + 1) * BUCKET_US / 1000;
        left -= times->buckets[i];
    }
    return -1;
}

/* ---- watchers ---- */

static void take_change(struct bench *bench, const Partner__V1__Change *change, int64_t now_us)
{
    if (change->kind_case != PARTNER__V1__CHANGE__KIND_UPSERT ||
        change->upsert->kind_case != PARTNER__V1__RECORD__KIND_ORGANISATION)
        return;
    const Partner__V1__Organisation *organisation = change->upsert->organisation;
    int64_t sent_us = strtoll(organisation->name, NULL, 10);
    bench->seen++;
    if (sent_us < bench->start_us + WARM_US)
        return;
    int64_t committed_us =
        organisation->update_time->seconds * 1000000 + organisation->update_time->nanos / 1000;
    times_add(&bench->from_commit, now_us - committed_us);
    times_add(&bench->from_sending, now_us - sent_us);
}

static void on_message(void *context, const ProtobufCMessage *message)
{
    struct bench *bench = context;
    const Partner__V1__WatchResponse *response = (const Partner__V1__WatchResponse *)message;
    int64_t now_us = clock_realtime_us();
    bench->messages++;
    for (size_t i = 0; i < response->n_changes; i++)
        take_change(bench, response->changes[i], now_us);
}

static void on_watch_end(void *, struct status status)
{
    fprintf(stderr, "a watch ended: %s\n", status.message ? status.message : "");
    exit(EXIT_FAILURE);
}

static void watch(struct bench *bench, struct channel *channel)
{
    Partner__V1__WatchRequest request = PARTNER__V1__WATCH_REQUEST__INIT;
    request.after_revision = bench->after_revision;
    struct channel_call *call =
        channel_call_begin(channel, &(struct channel_call_settings){
                                        .path = "/partner.v1.RegistryService/Watch",
                                        .response = &partner__v1__watch_response__descriptor,
                                        .message = on_message,
                                        .end = on_watch_end,
                                        .context = bench,
                                    });
    channel_call_send(call, &request.base);
    channel_call_half_close(call);
}

/* ---- writers ---- */

static void on_written(void *context, struct status status)
{
    struct bench *bench = context;
    bench->answered++;
    bench->failed += !status_ok(status);
}

static void write_one(struct bench *bench)
{
    unsigned writer = (unsigned)(bench->sent++ % WRITERS);
    char registry[8], id[32], name[32];
    snprintf(registry, sizeof registry, "w%u", writer);
    snprintf(id, sizeof id, "w%u/%u", writer, (unsigned)(bench->sent / WRITERS % 500));
    snprintf(name, sizeof name, "%lld", (long long)clock_realtime_us());
    Partner__V1__Organisation organisation = PARTNER__V1__ORGANISATION__INIT;
    Partner__V1__Role role = PARTNER__V1__ROLE__ROLE_HOSTING;
    organisation.id = id;
    organisation.name = name;
    organisation.country = (char *)"DE";
    organisation.roles = &role;
    organisation.n_roles = 1;
    Partner__V1__Record record = PARTNER__V1__RECORD__INIT;
    record.kind_case = PARTNER__V1__RECORD__KIND_ORGANISATION;
    record.organisation = &organisation;
    Partner__V1__Change change = PARTNER__V1__CHANGE__INIT, *changes = &change;
    change.kind_case = PARTNER__V1__CHANGE__KIND_UPSERT;
    change.upsert = &record;
    Partner__V1__ApplyRequest request = PARTNER__V1__APPLY_REQUEST__INIT;
    request.registry = registry;
    request.changes = &changes;
    request.n_changes = 1;
    struct channel_call *call =
        channel_call_begin(bench->writers[writer], &(struct channel_call_settings){
                                                       .path = "/partner.v1.RegistryService/Apply",
                                                       .response = &partner__v1__apply_response__descriptor,
                                                       .end = on_written,
                                                       .context = bench,
                                                   });
    channel_call_send(call, &request.base);
    channel_call_half_close(call);
}

static void on_grace(void *context)
{
    struct bench *bench = context;
    loop_stop(bench->loop);
}

static void on_turn(void *context)
{
    struct bench *bench = context;
    int64_t now_us = clock_realtime_us();
    if (now_us >= bench->end_us) {
        timer_set(&bench->grace, GRACE_MS);
        return;
    }
    uint64_t due = (uint64_t)(now_us - bench->start_us) * bench->rate / 1000000;
    while (bench->sent < due)
        write_one(bench);
    timer_set(&bench->turn, TURN_MS);
}

static void report(const struct bench *bench, double seconds)
{
    printf("{\"watchers\": %u, \"commits_per_second\": %.0f, \"failed\": %llu, \"changes_seen\": %llu, "
           "\"missing\": %lld, "
           "\"changes_per_message\": %.1f, \"committed_to_seen_ms\": {\"p50\": %.2f, \"p90\": %.2f, \"p99\": "
           "%.2f, \"max\": %.2f}, "
           "\"sent_to_seen_ms\": {\"p50\": %.2f, \"p99\": %.2f}}\n",
           bench->watcher_count, (double)(bench->answered - bench->failed) / seconds,
           (unsigned long long)bench->failed, (unsigned long long)bench->seen,
           (long long)((bench->answered - bench->failed) * bench->watcher_count) - (long long)bench->seen,
           (double)bench->seen / (double)bench->messages, times_ms(&bench->from_commit, 0.5),
           times_ms(&bench->from_commit, 0.9), times_ms(&bench->from_commit, 0.99),
           times_ms(&bench->from_commit, 1 - 1e-9), times_ms(&bench->from_sending, 0.5),
           times_ms(&bench->from_sending, 0.99));
}

int main(int argc, char **argv)
{
    if (argc != 6) {
        fprintf(stderr, "usage: watch_latency TARGET WATCHERS RATE SECONDS AFTER_REVISION\n");
        return 2;
    }
    signal(SIGPIPE, SIG_IGN);
    struct bench *bench = heap_zalloc(sizeof *bench);
    const struct channel_settings settings = {.target = argv[1]};
    double seconds = atof(argv[4]);
    bench->loop = loop_new("bench", 0);
    bench->watcher_count = (unsigned)atoi(argv[2]);
    bench->rate = (unsigned)atoi(argv[3]);
    bench->after_revision = strtoull(argv[5], NULL, 10);
    bench->watchers = heap_zalloc(bench->watcher_count * sizeof *bench->watchers);
    for (unsigned i = 0; i < bench->watcher_count; i++) {
        bench->watchers[i] = channel_open(bench->loop, &settings);
        watch(bench, bench->watchers[i]);
    }
    for (unsigned i = 0; i < WRITERS; i++)
        bench->writers[i] = channel_open(bench->loop, &settings);
    timer_init(&bench->turn, bench->loop, on_turn, bench);
    timer_init(&bench->grace, bench->loop, on_grace, bench);
    bench->start_us = clock_realtime_us();
    bench->end_us = bench->start_us + (int64_t)(seconds * 1e6);
    timer_set(&bench->turn, TURN_MS);
    loop_run(bench->loop);
    report(bench, seconds);
    return EXIT_SUCCESS;
}
