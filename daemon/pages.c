#include "pages.h"

#include "base/metric.h"
#include "base/text.h"
#include "replica/replica.h"
#include "service/token_hub.h"

void pages_init(struct pages *pages, struct replica *replica, const struct token_hub *tokens)
{
    pages->tokens = tokens;
    pages->replica = replica;
    atomic_init(&pages->draining, false);
}

static void fill_ready(const struct pages *pages, struct net_page *page)
{
    struct replica_state state = replica_state(pages->replica);
    bool draining = atomic_load(&pages->draining);
    bool loaded = state.loaded && token_hub_is_loaded(pages->tokens);
    page->status = loaded && !draining ? 200 : 503;
    if (draining)
        text_buffer_add(&page->body, "stopping\n");
    else if (!loaded)
        text_buffer_format(&page->body, "loading: %llu records so far\n",
                           (unsigned long long)state.records_loaded);
    else
        text_buffer_format(&page->body, "ready: revision %llu, database %s\n",
                           (unsigned long long)state.revision,
                           state.database_reachable ? "reachable" : "away");
}

void pages_fill(void *context, const char *path, struct net_page *page)
{
    const struct pages *pages = context;
    page->content_type = "text/plain; charset=utf-8";
    if (text_equal(path, "/livez")) {
        page->status = 200;
        text_buffer_add(&page->body, "alive\n");
    } else if (text_equal(path, "/readyz")) {
        fill_ready(pages, page);
    } else if (text_equal(path, "/metrics")) {
        page->status = 200;
        page->content_type = "text/plain; version=0.0.4; charset=utf-8";
        metric_write_all(&page->body);
    }
}
