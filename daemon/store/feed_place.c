#include "store/feed_state.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/log.h"
#include "store/parameter.h"

/* A database that was restored, copied or taken over by a standby may lack revisions that somebody has seen, and come to give
 * their numbers to others. It is known by another place than the one that the epoch was noted with, or by another revision
 * where the feed's own stands. Then the history is another one, and gets a name of its own. */

enum { COLUMN_EPOCH, COLUMN_PLACED, COLUMN_SAME_PLACE, COLUMN_CHANGE_SET };

static void on_renewed(struct feed *feed)
{
    log_event(LOG_WARN, "store.epoch_renewed",
              "the database is not the one it was: its history has a new epoch, followers export again");
    feed->place.end(feed);
}

static void fill_renew(struct feed *feed, struct parameters *parameters)
{
    parameters_text(parameters, feed->place.epoch);
}

/* Of several who have found it out one renews it. */
static const struct feed_step renew_step = {
    .sql = "UPDATE revision_line SET epoch = gen_random_uuid()::text, place = database_place() WHERE epoch = "
           "$1::text",
    .fill = fill_renew,
    .end = on_renewed};

static void on_noted(struct feed *feed)
{
    feed->place.end(feed);
}

static const struct feed_step note_step = {
    .sql = "UPDATE revision_line SET place = database_place() WHERE place = ''", .end = on_noted};

static void fill_look(struct feed *feed, struct parameters *parameters)
{
    parameters_int8(parameters, (int64_t)feed->cursor);
}

/* Whether the revision that the feed has come to is there, and the same. */
static bool lacks_cursor(const struct feed *feed, const PGresult *result, int row)
{
    if (!feed->is_loaded || !feed->cursor || strcmp(feed->epoch, PQgetvalue(result, row, COLUMN_EPOCH)) != 0)
        return false;
    return PQgetisnull(result, row, COLUMN_CHANGE_SET) ||
           result_int8(result, row, COLUMN_CHANGE_SET) != feed->cursor_change_set;
}

static void on_place(struct feed *feed, const PGresult *result, int row)
{
    if (PQgetisnull(result, row, COLUMN_SAME_PLACE)) /* a standby: only its primary can tell */
        return;
    free(feed->place.epoch);
    feed->place.epoch = heap_strdup(PQgetvalue(result, row, COLUMN_EPOCH));
    bool is_placed = result_is_true(result, row, COLUMN_PLACED);
    feed->place.is_another =
        (is_placed && !result_is_true(result, row, COLUMN_SAME_PLACE)) || lacks_cursor(feed, result, row);
    feed->place.is_noted = is_placed;
}

static void on_looked(struct feed *feed)
{
    if (feed->place.is_another)
        feed_run(feed, &renew_step);
    else if (!feed->place.is_noted)
        feed_run(feed, &note_step);
    else
        feed->place.end(feed);
}

static const struct feed_step look_step = {
    .sql = "SELECT epoch, place <> '', place = database_place(),"
           " (SELECT change_set FROM revision WHERE revision = $1::bigint) FROM revision_line",
    .fill = fill_look,
    .row = on_place,
    .end = on_looked};

void feed_place_start(struct feed *feed, void (*end)(struct feed *feed))
{
    feed->place.end = end;
    feed->place.is_another = false;
    feed->place.is_noted = true;
    feed_run(feed, &look_step);
}
