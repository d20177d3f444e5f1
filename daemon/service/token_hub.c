#include "service/token_hub.h"

#include <stdatomic.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/log.h"
#include "base/metric.h"
#include "loop/loop.h"
#include "service/token_keeper.h"
#include "service/token_set.h"
#include "store/token_feed.h"

struct token_hub {
    struct loop *loop;
    const struct store_settings *settings;
    struct token_feed *feed;
    struct token_keeper **keepers;
    size_t keeper_count;
    struct metric *count_metric;
    _Atomic bool is_loaded;
};

static void on_changed(void *context, const struct token *tokens, size_t count, uint64_t version)
{
    struct token_hub *hub = context;
    struct token_set *set = token_set_new(tokens, count, version);
    for (size_t i = 0; i < hub->keeper_count; i++)
        token_keeper_give(hub->keepers[i], set);
    token_set_release(set);
    metric_set(hub->count_metric, (int64_t)count);
    if (!atomic_exchange(&hub->is_loaded, true))
        log_event(LOG_INFO, "tokens.loaded", "the tokens are in memory",
                  LOG_NUMBER("tokens", (int64_t)count));
}

struct token_hub *token_hub_new(struct loop *loop, const struct store_settings *settings)
{
    struct token_hub *hub = heap_zalloc(sizeof *hub);
    hub->loop = loop;
    hub->settings = settings;
    hub->count_metric = metric_new(METRIC_GAUGE, "partnerd_tokens", "", "Tokens ever made");
    return hub;
}

void token_hub_add(struct token_hub *hub, struct token_keeper *keeper)
{
    hub->keepers = heap_realloc(hub->keepers, (hub->keeper_count + 1) * sizeof(struct token_keeper *));
    if (hub->keeper_count)
        token_keeper_join(hub->keepers[0], keeper);
    hub->keepers[hub->keeper_count++] = keeper;
}

static void start(void *context)
{
    struct token_hub *hub = context;
    hub->feed = token_feed_new(hub->loop, hub->settings, on_changed, hub);
}

void token_hub_start(struct token_hub *hub)
{
    loop_post(hub->loop, start, hub);
}

static void stop(void *context)
{
    struct token_hub *hub = context;
    token_feed_free(hub->feed);
    hub->feed = NULL;
}

void token_hub_stop(struct token_hub *hub)
{
    loop_post(hub->loop, stop, hub);
}

void token_hub_free(struct token_hub *hub)
{
    if (!hub)
        return;
    free(hub->keepers);
    free(hub);
}

bool token_hub_is_loaded(const struct token_hub *hub)
{
    return atomic_load_explicit(&hub->is_loaded, memory_order_acquire);
}
