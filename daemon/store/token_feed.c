#include "store/token_feed.h"

#include <stdlib.h>

#include "base/arena.h"
#include "base/log.h"
#include "loop/timer.h"
#include "store/dblink.h"
#include "store/limits.h"
#include "store/parameter.h"
#include "store/store.h"
#include "store/token.h"
#include "store/token_row.h"

enum { LOOK_EVERY_MS = 500, SILENCE_MS = 5000, NO_VERSION = -1 };

static const char listen_sql[] = "LISTEN partnerd_token";

/* One row without a token where nothing has changed since. */
static const char look_sql[] = "SELECT l.version, l.version <> $1, " TOKEN_COLUMNS
                               " FROM token_line l LEFT JOIN token t ON l.version <> $1";

enum { COLUMN_VERSION, COLUMN_CHANGED, COLUMN_TOKEN };

struct token_feed {
    struct store_settings settings;
    token_feed_fn changed;
    void *context;
    struct dblink *link;
    struct timer look;
    int64_t version; /* as last given; NO_VERSION: not yet by this connection */
    bool is_busy;    /* a query is under way */
    bool is_woken;   /* to look again once it is over */
};

static void send_query(struct token_feed *feed, const char *sql, const struct parameters *parameters)
{
    static const int binary[] = {1};
    feed->is_busy = true;
    dblink_watch(feed->link, SILENCE_MS);
    if (!PQsendQueryParams(dblink_pg(feed->link), sql, parameters->count, NULL, parameters->values,
                           parameters->lengths, binary, 1))
        dblink_drop(feed->link, NULL);
    else
        dblink_flush(feed->link);
}

static void look(struct token_feed *feed)
{
    struct arena *arena = arena_new(0);
    struct parameters parameters = {.arena = arena};
    parameters_int8(&parameters, feed->version);
    timer_clear(&feed->look);
    feed->is_woken = false;
    send_query(feed, look_sql, &parameters);
    arena_free(arena);
}

static void give(struct token_feed *feed, const PGresult *result)
{
    int count = PQntuples(result);
    if (count == 0 || !result_is_true(result, 0, COLUMN_CHANGED))
        return;
    struct arena *arena = arena_new(0);
    struct token *tokens = arena_array(arena, (size_t)count, sizeof *tokens);
    size_t token_count = 0;
    for (int i = 0; i < count; i++)
        if (!PQgetisnull(result, i, COLUMN_TOKEN))
            token_row_read(arena, result, i, COLUMN_TOKEN, &tokens[token_count++]);
    feed->version = result_int8(result, 0, COLUMN_VERSION);
    feed->changed(feed->context, tokens, token_count, (uint64_t)feed->version);
    arena_free(arena);
}

static void take_result(struct token_feed *feed, const PGresult *result)
{
    switch (PQresultStatus(result)) {
    case PGRES_TUPLES_OK:
        give(feed, result);
        break;
    case PGRES_COMMAND_OK: /* it listens: what is committed from here on is told, what was before is read */
        feed->is_woken = true;
        break;
    default:
        log_event(LOG_WARN, "store.tokens_failed", "the tokens can't be read",
                  LOG_TEXT("sqlstate", PQresultErrorField(result, PG_DIAG_SQLSTATE)),
                  LOG_TEXT("reason", PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY)));
        dblink_drop(feed->link, "the tokens can't be read");
    }
}

static void rest(struct token_feed *feed)
{
    feed->is_busy = false;
    dblink_watch(feed->link, 0);
    if (feed->is_woken)
        look(feed);
    else
        timer_set(&feed->look, LOOK_EVERY_MS);
}

static bool take_notices(PGconn *pg)
{
    bool any = false;
    PGnotify *notice;
    for (; (notice = PQnotifies(pg)); PQfreemem(notice))
        any = true;
    return any;
}

static void on_input(void *context)
{
    struct token_feed *feed = context;
    PGconn *pg = dblink_pg(feed->link);
    bool has_ended = false;
    while (feed->is_busy && !has_ended && !PQisBusy(pg)) {
        PGresult *result = PQgetResult(pg);
        has_ended = !result;
        if (result)
            take_result(feed, result);
        PQclear(result);
    }
    if (take_notices(pg))
        feed->is_woken = true;
    if (has_ended)
        rest(feed);
    else if (feed->is_woken && !feed->is_busy)
        look(feed);
}

static void on_opened(void *context)
{
    struct token_feed *feed = context;
    feed->version = NO_VERSION; /* it may be another database, or an older state of this one */
    send_query(feed, listen_sql, &(struct parameters){0});
}

static void on_closed(void *context)
{
    struct token_feed *feed = context;
    feed->is_busy = false;
    timer_clear(&feed->look);
}

static void on_look(void *context)
{
    struct token_feed *feed = context;
    if (!feed->is_busy && dblink_pg(feed->link))
        look(feed);
}

struct token_feed *token_feed_new(struct loop *loop, const struct store_settings *settings,
                                  token_feed_fn changed, void *context)
{
    struct token_feed *feed = heap_zalloc(sizeof *feed);
    feed->settings = limits_of(settings);
    feed->changed = changed;
    feed->context = context;
    feed->version = NO_VERSION;
    timer_init(&feed->look, loop, on_look, feed);
    feed->link = dblink_new(
        loop, &feed->settings,
        &(struct dblink_handlers){.opened = on_opened, .input = on_input, .closed = on_closed}, feed);
    return feed;
}

void token_feed_free(struct token_feed *feed)
{
    if (!feed)
        return;
    dblink_free(feed->link);
    timer_fini(&feed->look);
    free(feed);
}
