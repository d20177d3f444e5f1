#include "service/upstream.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/metric.h"
#include "model/record.h"
#include "service/upstream_parts.h"

enum {
    REST_LEAST_MS = 100,
    REST_MOST_MS = 30000,
    LIST_EVERY_MS = 5000,
    LIST_TIMEOUT_MS = 30000,
    TOKEN_BYTES = 1024,
    TELL_CONTACT_US = 5 * 1000000
};

static const char list_path[] = "/partner.v1.RegistryService/ListRegistries";

/* ---- the token ---- */

static struct status say_file(struct arena *arena, const char *file, const char *what)
{
    return status_format(arena, STATUS_INVALID_ARGUMENT, "token-file", "token-file: %s %s", file, what);
}

struct status upstream_read_token(struct arena *arena, const char *file, const char **ret_token)
{
    char bytes[TOKEN_BYTES + 1];
    struct stat state;
    int number = open(file, O_RDONLY | O_CLOEXEC);
    if (number < 0)
        return say_file(arena, file, arena_format(arena, "can't be read: %s", strerror(errno)));
    ssize_t size = fstat(number, &state) == 0 ? read(number, bytes, TOKEN_BYTES) : -1;
    close(number);
    if (size < 0)
        return say_file(arena, file, "can't be read");
    if (state.st_mode & (S_IRWXG | S_IRWXO))
        return say_file(arena, file, "may be read by others: chmod 600");
    bytes[size] = '\0';
    *ret_token = arena_strndup(arena, bytes, strcspn(bytes, " \t\r\n"));
    return **ret_token ? STATUS_NONE : say_file(arena, file, "holds no token");
}

/* ---- what is said of it ---- */

static void set_error(struct upstream *upstream, const char *error)
{
    if (text_equal(upstream->error, error))
        return;
    free(upstream->error);
    upstream->error = heap_strdup(error);
    upstream->state.error = upstream->error;
    upstream->is_told = false;
}

static void set_connected(struct upstream *upstream, bool connected)
{
    if (upstream->state.connected != connected)
        upstream->is_told = false;
    upstream->state.connected = connected;
    metric_set(upstream->connected, connected);
}

void upstream_note_contact(struct upstream *upstream, uint64_t revision)
{
    upstream->state.contact_us = clock_realtime_us();
    if (revision > upstream->state.newest ||
        upstream->state.contact_us - upstream->told_us >= TELL_CONTACT_US)
        upstream->is_told = false;
    if (revision > upstream->state.newest)
        upstream->state.newest = revision;
}

void upstream_note_rejected(struct upstream *upstream, const uint64_t rejected[FAULT_COUNT])
{
    for (int i = 0; i < FAULT_COUNT; i++) {
        if (!rejected[i])
            continue;
        upstream->state.rejected[i] += rejected[i];
        upstream->is_told = false;
        metric_add(upstream->rejected[i], rejected[i]);
    }
}

/* ---- the end of a connection ---- */

static void on_ending(void *context)
{
    struct upstream *upstream = context;
    channel_close(upstream->channel);
    upstream->channel = NULL;
}

void upstream_halt(struct upstream *upstream)
{
    struct follow *follow;
    TAILQ_FOREACH(follow, &upstream->follows, all)
    follow_halt(follow);
    if (upstream->listing)
        channel_call_cancel(upstream->listing);
    upstream->listing = NULL;
    timer_clear(&upstream->timer);
    if (upstream->channel)
        timer_set(&upstream->ending, 0);
    upstream->course = UPSTREAM_IDLE;
    upstream->looks_due = upstream->owner->is_looking ? 2 : 1;
    set_connected(upstream, false);
}

void upstream_fail(struct upstream *upstream, const char *message)
{
    if (upstream->course != UPSTREAM_RUNNING)
        return;
    upstream_halt(upstream);
    upstream->course = UPSTREAM_RESTING;
    /* From half to all of it, so that many who lost one server don't come back at once. */
    int64_t rest_ms = upstream->rest_ms / 2 + random() % (upstream->rest_ms / 2 + 1);
    upstream->rest_ms = upstream->rest_ms * 2 < REST_MOST_MS ? upstream->rest_ms * 2 : REST_MOST_MS;
    log_event(LOG_WARN, "upstream.lost", message, LOG_TEXT("upstream", upstream->settings->name),
              LOG_NUMBER("retry_ms", rest_ms));
    set_error(upstream, message);
    timer_set(&upstream->timer, rest_ms);
}

/* ---- which registries ---- */

static bool is_asked_for(const struct upstream_settings *settings, const char *registry)
{
    for (size_t i = 0; i < settings->registry_count; i++)
        if (text_equal(settings->registries[i], registry))
            return true;
    return !settings->registry_count;
}

static struct follow *find_follow(struct upstream *upstream, const char *registry)
{
    struct follow *follow;
    TAILQ_FOREACH(follow, &upstream->follows, all)
    if (text_equal(follow->registry, registry))
        return follow;
    return NULL;
}

/* It is at it, though the registry may not be here yet. */
static bool is_taking(struct upstream *upstream, const char *registry)
{
    const struct follow *follow = find_follow(upstream, registry);
    return follow && follow->is_carried && upstream->course == UPSTREAM_RUNNING;
}

/* NULL: it may be taken. Else who has it: "", this server; or another upstream. */
static const char *find_owner(struct upstream *upstream, const struct upstream_news *news,
                              const char *registry)
{
    struct upstreams *owner = upstream->owner;
    for (size_t i = 0; news && i < news->registry_count; i++)
        if (text_equal(news->registries[i].registry, registry))
            return text_equal(news->registries[i].upstream, upstream->settings->name)
                       ? NULL
                       : news->registries[i].upstream;
    for (size_t i = 0; i < owner->count; i++)
        if (is_taking(&owner->all[i], registry) && &owner->all[i] != upstream)
            return owner->all[i].settings->name;
    return NULL;
}

static void set_left_out(struct upstream *upstream, struct arena *arena, const char *const *items,
                         size_t count)
{
    const struct text_list *old = &upstream->state.left_out;
    bool is_same = old->count == count;
    for (size_t i = 0; is_same && i < count; i++)
        is_same = text_equal(old->items[i], items[i]);
    upstream->is_told = upstream->is_told && is_same;
    upstream->state.left_out = (struct text_list){items, count};
    arena_free(upstream->left_out_arena);
    upstream->left_out_arena = arena;
}

static void take_registry(struct upstream *upstream, const Partner__V1__Registry *registry)
{
    struct follow *follow = find_follow(upstream, registry->id);
    if (!follow)
        follow = follow_new(upstream, registry->id);
    free(follow->title);
    follow->title = heap_strdup(registry->title);
    follow->is_carried = true;
    follow_set_error(follow, "");
    follow_go_on(follow);
}

/* A registry that the upstream no longer carries is left as it is: an upstream that has lost its data must not empty others. */
static void mark_missing(struct upstream *upstream)
{
    struct follow *follow;
    TAILQ_FOREACH(follow, &upstream->follows, all)
    {
        if (follow->is_carried)
            continue;
        follow_halt(follow);
        follow_set_error(follow, "the upstream doesn't carry this registry now; what is here stays");
    }
}

static void take_list(struct upstream *upstream, const Partner__V1__ListRegistriesResponse *response)
{
    struct arena *arena = arena_new(0);
    const char **left_out = arena_array(arena, response->n_registries, sizeof *left_out);
    size_t left_out_count = 0;
    const struct upstream_news *news = upstream_board_acquire(upstream->owner->board);
    struct follow *follow;
    TAILQ_FOREACH(follow, &upstream->follows, all)
    follow->is_carried = false;
    for (size_t i = 0; i < response->n_registries; i++) {
        const Partner__V1__Registry *registry = response->registries[i];
        if (!registry_id_is_valid(registry->id) || !is_asked_for(upstream->settings, registry->id))
            continue;
        const char *owner = find_owner(upstream, news, registry->id);
        if (!owner)
            take_registry(upstream, registry);
        else if (*owner || upstream->settings->registry_count)
            left_out[left_out_count++] = arena_strdup(arena, registry->id);
    }
    upstream_news_release(news);
    mark_missing(upstream);
    set_left_out(upstream, arena, left_out, left_out_count);
}

/* ---- the list, again and again ---- */

static void on_list(void *context, const ProtobufCMessage *message)
{
    struct upstream *upstream = context;
    const Partner__V1__ListRegistriesResponse *response =
        (const Partner__V1__ListRegistriesResponse *)message;
    if (response->revision <
        upstream->state.newest) { /* it was replaced, or answers from what it had before */
        upstream->state.newest = response->revision;
        upstream->is_told = false;
    }
    upstream_note_contact(upstream, response->revision);
    if (!upstream->state.connected)
        log_event(LOG_INFO, "upstream.connected", "an upstream answers",
                  LOG_TEXT("upstream", upstream->settings->name),
                  LOG_NUMBER("revision", (int64_t)response->revision));
    set_connected(upstream, true);
    set_error(upstream, "");
    take_list(upstream, response);
}

static void on_list_end(void *context, struct status status)
{
    struct upstream *upstream = context;
    upstream->listing = NULL;
    if (status_ok(status)) {
        if (upstream->list_count++) /* it has gone well for a while */
            upstream->rest_ms = REST_LEAST_MS;
        timer_set(&upstream->timer, LIST_EVERY_MS);
    } else {
        upstream_fail(upstream,
                      status.message && *status.message ? status.message : status_code_name(status.code));
    }
}

static void list(struct upstream *upstream)
{
    Partner__V1__ListRegistriesRequest request = PARTNER__V1__LIST_REGISTRIES_REQUEST__INIT;
    upstream->listing = channel_call_begin(upstream->channel,
                                           &(struct channel_call_settings){
                                               .path = list_path,
                                               .response = &partner__v1__list_registries_response__descriptor,
                                               .timeout_ms = LIST_TIMEOUT_MS,
                                               .message = on_list,
                                               .end = on_list_end,
                                               .context = upstream,
                                           });
    channel_call_send(upstream->listing, &request.base);
    channel_call_half_close(upstream->listing);
}

/* ---- the beginning ---- */

static void take_place(struct upstream *upstream, const struct followed_state *row)
{
    struct follow *follow = find_follow(upstream, row->registry);
    if (!follow)
        follow = follow_new(upstream, row->registry);
    follow->is_here = true;
    follow_set_place(follow, row->epoch, row->revision, row->in_step_us);
}

static bool is_writing(const struct upstream *upstream)
{
    const struct follow *follow;
    TAILQ_FOREACH(follow, &upstream->follows, all)
    if (follow_is_writing(follow))
        return true;
    return false;
}

/* What is followed is what the database says, which may have been replaced meanwhile. */
static void take_places(struct upstream *upstream, const struct upstream_news *news)
{
    struct follow *next;
    for (struct follow *follow = TAILQ_FIRST(&upstream->follows); follow; follow = next) {
        next = TAILQ_NEXT(follow, all);
        const struct followed_state *row = upstream_news_registry(news, follow->registry);
        if (!row || !text_equal(row->upstream, upstream->settings->name))
            follow_free(follow);
    }
    for (size_t i = 0; i < news->registry_count; i++) {
        const struct followed_state *row = &news->registries[i];
        if (text_equal(row->upstream, upstream->settings->name) &&
            is_asked_for(upstream->settings, row->registry))
            take_place(upstream, row);
    }
}

static void open_channel(struct upstream *upstream)
{
    const struct upstream_settings *settings = upstream->settings;
    struct arena *arena = arena_new(0);
    const char *token = NULL;
    struct status status =
        *settings->token_file ? upstream_read_token(arena, settings->token_file, &token) : STATUS_NONE;
    upstream->course = UPSTREAM_RUNNING;
    upstream->list_count = 0;
    if (status_ok(status)) {
        upstream->channel =
            channel_open(upstream->owner->loop, &(struct channel_settings){
                                                    .target = settings->url,
                                                    .ca_file = *settings->ca_file ? settings->ca_file : NULL,
                                                    .token = token,
                                                    .user_agent = "partnerd/" PARTNERD_VERSION,
                                                });
        list(upstream);
    } else {
        upstream_fail(upstream, status.message);
    }
    arena_free(arena);
}

static void begin(struct upstream *upstream, const struct upstream_news *news)
{
    const struct upstream_state *known = upstream_news_upstream(news, upstream->settings->name);
    if (known && !upstream->has_state) {
        memcpy(upstream->state.rejected, known->rejected, sizeof upstream->state.rejected);
        upstream->state.contact_us = known->contact_us;
        upstream->state.newest = known->newest;
    }
    upstream->has_state = true;
    take_places(upstream, news);
    open_channel(upstream);
}

/* The next list, or the end of a rest. */
static void on_timer(void *context)
{
    struct upstream *upstream = context;
    if (upstream->course == UPSTREAM_RUNNING)
        list(upstream);
    else if (upstream->course == UPSTREAM_RESTING)
        upstream->course = UPSTREAM_IDLE;
    if (upstream->course == UPSTREAM_IDLE)
        timer_set(&upstream->owner->tick, 0);
}

void upstream_take(struct upstream *upstream, const struct upstream_news *news, bool is_held)
{
    bool was_held = upstream->is_held;
    upstream->is_held = is_held;
    if (upstream->looks_due)
        upstream->looks_due--;
    if (!is_held) {
        if (was_held)
            log_event(LOG_WARN, "upstream.handed_over", "another daemon follows the upstream",
                      LOG_TEXT("upstream", upstream->settings->name));
        if (upstream->course != UPSTREAM_IDLE)
            upstream_halt(upstream);
        upstream->has_state = false;
        return;
    }
    if (upstream->course == UPSTREAM_IDLE && !upstream->looks_due && !is_writing(upstream) &&
        !timer_is_set(&upstream->ending))
        begin(upstream, news);
}

/* ---- its life ---- */

static struct metric *metric_of(struct upstream *upstream, enum metric_kind kind, const char *name,
                                const char *more, const char *help)
{
    struct text_buffer labels = {0};
    text_buffer_format(&labels, "upstream=\"%s\"%s", upstream->settings->name, more);
    struct metric *metric = metric_new(kind, name, labels.bytes, help);
    text_buffer_fini(&labels);
    return metric;
}

static void make_metrics(struct upstream *upstream)
{
    upstream->lag_revisions =
        metric_of(upstream, METRIC_GAUGE, "partnerd_upstream_lag_revisions", "",
                  "Revisions of the upstream that are not here, of the registry furthest behind");
    upstream->lag_seconds = metric_of(upstream, METRIC_GAUGE, "partnerd_upstream_lag_seconds", "",
                                      "Since that registry last held all that the upstream held; 0: it does");
    upstream->connected = metric_of(upstream, METRIC_GAUGE, "partnerd_upstream_connected", "",
                                    "This daemon follows the upstream now");
    for (int i = 0; i < FAULT_COUNT; i++) {
        char more[64];
        snprintf(more, sizeof more, ",reason=\"%s\"", upstream_fault_name((enum upstream_fault)i));
        upstream->rejected[i] = metric_of(upstream, METRIC_COUNTER, "partnerd_upstream_rejected_total", more,
                                          "Records of the upstream that could not be taken");
    }
}

void upstream_init(struct upstream *upstream, struct upstreams *owner,
                   const struct upstream_settings *settings)
{
    *upstream = (struct upstream){
        .owner = owner,
        .settings = settings,
        .rest_ms = REST_LEAST_MS,
        .error = heap_strdup(""),
    };
    upstream->state =
        (struct upstream_state){.name = settings->name, .url = settings->url, .error = upstream->error};
    TAILQ_INIT(&upstream->follows);
    timer_init(&upstream->timer, owner->loop, on_timer, upstream);
    timer_init(&upstream->ending, owner->loop, on_ending, upstream);
    make_metrics(upstream);
}

void upstream_fini(struct upstream *upstream)
{
    struct follow *follow;
    while ((follow = TAILQ_FIRST(&upstream->follows)))
        follow_free(follow);
    channel_close(upstream->channel);
    timer_fini(&upstream->timer);
    timer_fini(&upstream->ending);
    arena_free(upstream->left_out_arena);
    free(upstream->error);
}
