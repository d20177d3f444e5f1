/* Applies changes at fixed times, and says how long each takes until answers show it.
 *
 *   change_client TARGET CHANGES RATE SECONDS
 *
 * CHANGES holds ApplyRequests as they lie in a gRPC body, one after the other; each is sent once. "apply" begins when the call was meant
 * to begin and ends with its answer; there "visible" begins, and ends when ListRegistries answers from that revision or a newer
 * one. Prints one line of JSON; ends with 1 where a call failed or a change was rejected. */

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/clock.h"
#include "histogram.h"
#include "loop/loop.h"
#include "loop/timer.h"
#include "net/channel.h"
#include "partner/v1/registry.pb-c.h"

enum { CHANNELS = 4, FRAME_BYTES = 5, TURN_MS = 1, TIMEOUT_MS = 20000 };

struct bench {
    struct loop *loop;
    struct channel *channels[CHANNELS];
    FILE *changes;
    struct timer turn;
    int64_t start_ns, end_ns;
    double rate;
    uint64_t sent, ended, failed, rejected;
    struct histogram apply, visible;
};

/* One change on its way: the call that applies it, then the one that waits for it. */
struct change {
    struct bench *bench;
    struct channel *channel;
    int64_t due_ns, applied_ns;
    uint64_t revision;
};

static void stop(const char *reason)
{
    fprintf(stderr, "change_client: %s\n", reason);
    exit(EXIT_FAILURE);
}

static void begin_call(struct change *change, const struct channel_call_settings *settings,
                       const ProtobufCMessage *request)
{
    struct channel_call *call = channel_call_begin(change->channel, settings);
    channel_call_send(call, request);
    channel_call_half_close(call);
}

static void end_change(struct change *change, struct status status)
{
    struct bench *bench = change->bench;
    if (!status_ok(status) && !bench->failed++)
        fprintf(stderr, "change_client: %s\n", status.message ? status.message : "a call failed");
    bench->ended++;
    free(change);
}

/* ---- until answers show it ---- */

static void on_visible(void *context, struct status status)
{
    struct change *change = context;
    if (status_ok(status))
        histogram_add(&change->bench->visible, (uint64_t)(clock_monotonic_ns() - change->applied_ns));
    end_change(change, status);
}

static void wait_visible(struct change *change)
{
    Partner__V1__ListRegistriesRequest request = PARTNER__V1__LIST_REGISTRIES_REQUEST__INIT;
    request.min_revision = change->revision;
    const struct channel_call_settings settings = {
        .path = "/partner.v1.RegistryService/ListRegistries",
        .response = &partner__v1__list_registries_response__descriptor,
        .timeout_ms = TIMEOUT_MS,
        .end = on_visible,
        .context = change,
    };
    begin_call(change, &settings, &request.base);
}

/* ---- applying ---- */

static void on_answer(void *context, const ProtobufCMessage *message)
{
    struct change *change = context;
    struct bench *bench = change->bench;
    const Partner__V1__ApplyResponse *response = (const Partner__V1__ApplyResponse *)message;
    change->revision = response->revision;
    if (response->n_rejections && !bench->rejected++)
        fprintf(stderr, "change_client: %s rejected: %s\n", response->rejections[0]->id,
                response->rejections[0]->reason);
}

static void on_applied(void *context, struct status status)
{
    struct change *change = context;
    if (!status_ok(status)) {
        end_change(change, status);
        return;
    }
    change->applied_ns = clock_monotonic_ns();
    histogram_add(&change->bench->apply, (uint64_t)(change->applied_ns - change->due_ns));
    wait_visible(change);
}

static Partner__V1__ApplyRequest *read_request(struct bench *bench)
{
    unsigned char head[FRAME_BYTES];
    if (fread(head, 1, sizeof head, bench->changes) != sizeof head)
        stop("there are no more changes");
    size_t size = (size_t)head[1] << 24 | (size_t)head[2] << 16 | (size_t)head[3] << 8 | (size_t)head[4];
    unsigned char *bytes = heap_alloc(size + 1);
    if (fread(bytes, 1, size, bench->changes) != size)
        stop("the last change is cut off");
    Partner__V1__ApplyRequest *request = partner__v1__apply_request__unpack(NULL, size, bytes);
    free(bytes);
    if (!request)
        stop("what is no ApplyRequest is among the changes");
    return request;
}

static int64_t due_of(const struct bench *bench, uint64_t number)
{
    return bench->start_ns + (int64_t)((double)number * 1e9 / bench->rate);
}

static void apply_next(struct bench *bench)
{
    struct change *change = heap_zalloc(sizeof *change);
    Partner__V1__ApplyRequest *request = read_request(bench);
    change->bench = bench;
    change->due_ns = due_of(bench, bench->sent);
    change->channel = bench->channels[bench->sent++ % CHANNELS];
    const struct channel_call_settings settings = {
        .path = "/partner.v1.RegistryService/Apply",
        .response = &partner__v1__apply_response__descriptor,
        .timeout_ms = TIMEOUT_MS,
        .message = on_answer,
        .end = on_applied,
        .context = change,
    };
    begin_call(change, &settings, &request->base);
    partner__v1__apply_request__free_unpacked(request, NULL);
}

static void on_turn(void *context)
{
    struct bench *bench = context;
    int64_t now_ns = clock_monotonic_ns();
    while (due_of(bench, bench->sent) <= now_ns && due_of(bench, bench->sent) < bench->end_ns)
        apply_next(bench);
    if (now_ns >= bench->end_ns && bench->ended == bench->sent)
        loop_stop(bench->loop);
    else
        timer_set(&bench->turn, TURN_MS);
}

/* ---- the run ---- */

static double ms(const struct histogram *histogram, double share)
{
    return (double)histogram_ns(histogram, share) / 1e6;
}

static void report(const struct bench *bench)
{
    printf("{\"applied\": %llu, \"failed\": %llu, \"rejected\": %llu, \"apply_p50_ms\": %.3f, "
           "\"apply_p99_ms\": %.3f, \"visible_p50_ms\": %.3f, \"visible_p99_ms\": %.3f}\n",
           (unsigned long long)bench->apply.count, (unsigned long long)bench->failed,
           (unsigned long long)bench->rejected, ms(&bench->apply, 0.5), ms(&bench->apply, 0.99),
           ms(&bench->visible, 0.5), ms(&bench->visible, 0.99));
}

int main(int argc, char **argv)
{
    if (argc != 5) {
        fprintf(stderr, "usage: change_client TARGET CHANGES RATE SECONDS\n");
        return 2;
    }
    signal(SIGPIPE, SIG_IGN);
    struct bench *bench = heap_zalloc(sizeof *bench);
    const struct channel_settings settings = {.target = argv[1]};
    bench->changes = fopen(argv[2], "rb");
    bench->rate = atof(argv[3]);
    if (!bench->changes || bench->rate <= 0)
        stop("there are no changes, or no rate");
    bench->loop = loop_new("bench", 0);
    for (unsigned i = 0; i < CHANNELS; i++)
        bench->channels[i] = channel_open(bench->loop, &settings);
    timer_init(&bench->turn, bench->loop, on_turn, bench);
    bench->start_ns = clock_monotonic_ns();
    bench->end_ns = bench->start_ns + (int64_t)(atof(argv[4]) * 1e9);
    timer_set(&bench->turn, TURN_MS);
    loop_run(bench->loop);
    report(bench);
    return bench->failed || bench->rejected ? EXIT_FAILURE : EXIT_SUCCESS;
}
