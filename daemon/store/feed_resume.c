#include "store/feed_state.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/log.h"
#include "store/parameter.h"

/* Goes on from a state that the receiver kept, if the database's history leads on from it: the same epoch, the same change set
 * behind that revision, the log reaching back to it, and the vocabularies unchanged since. When in doubt all is loaded. */

static void forget(struct feed *feed)
{
    free(feed->resume.epoch);
    feed->resume.epoch = NULL;
}

static void load_instead(struct feed *feed)
{
    forget(feed);
    feed->is_loaded = false;
    feed_load_start(feed);
}

static void on_committed(struct feed *feed)
{
    if (!feed->handlers.resume(feed->context)) {
        load_instead(feed);
        return;
    }
    free(feed->epoch);
    feed->epoch = feed->resume.epoch;
    feed->resume.epoch = NULL;
    feed->cursor = feed->resume.revision;
    feed->cursor_change_set = feed->resume.change_set;
    feed->is_loaded = true;
    feed->handlers.loaded(feed->context, feed->cursor, feed->resume.time_us, feed->epoch);
    feed_follow_start(feed);
}

static const struct feed_step commit_step = {.sql = "COMMIT", .end = on_committed};

static void on_concepts(struct feed *feed)
{
    feed_run(feed, &commit_step);
}

/* Back in time: the epoch is renewed as for a feed that had come to that revision itself. */
static void on_unfit(struct feed *feed)
{
    log_event(LOG_WARN, "store.not_resumed",
              "the database doesn't go on from the state at hand: all is loaded",
              LOG_NUMBER("revision", (int64_t)feed->resume.revision));
    if (!feed->resume.is_another) {
        load_instead(feed);
        return;
    }
    free(feed->epoch);
    feed->epoch = heap_strdup(feed->resume.epoch);
    feed->cursor = feed->resume.revision;
    feed->cursor_change_set = feed->resume.change_set;
    feed->is_loaded = true;
    feed_place_start(feed, load_instead);
}

static const struct feed_step leave_step = {.sql = "COMMIT", .end = on_unfit};

enum { COLUMN_EPOCH, COLUMN_NEWEST, COLUMN_TRIMMED, COLUMN_CHANGE_SET, COLUMN_TIME, COLUMN_VOCABULARY };

static void on_history(struct feed *feed, const PGresult *result, int row)
{
    if (strcmp(PQgetvalue(result, row, COLUMN_EPOCH), feed->resume.epoch) != 0)
        return;
    uint64_t newest = (uint64_t)result_int8(result, row, COLUMN_NEWEST);
    uint64_t trimmed = (uint64_t)result_int8(result, row, COLUMN_TRIMMED);
    bool is_there = !PQgetisnull(result, row, COLUMN_CHANGE_SET);
    bool is_same = is_there && result_int8(result, row, COLUMN_CHANGE_SET) == feed->resume.change_set;
    feed->resume.is_another =
        !is_same && (is_there || newest < feed->resume.revision || trimmed < feed->resume.revision);
    feed->resume.is_fit = is_same && newest >= feed->resume.revision && trimmed <= feed->resume.revision &&
                          !result_is_true(result, row, COLUMN_VOCABULARY);
    feed->resume.time_us = is_there ? result_time_us(result, row, COLUMN_TIME) : 0;
}

static void on_history_end(struct feed *feed)
{
    if (feed->resume.is_fit)
        feed_concepts_start(feed, on_concepts);
    else
        feed_run(feed, &leave_step);
}

static void fill_history(struct feed *feed, struct parameters *parameters)
{
    parameters_int8(parameters, (int64_t)feed->resume.revision);
}

static const struct feed_step history_step = {
    .sql = "SELECT l.epoch, l.newest, l.trimmed, v.change_set, v.time,"
           " EXISTS (SELECT FROM revision WHERE revision > $1::bigint AND vocabulary)"
           " FROM revision_line l LEFT JOIN revision v ON v.revision = $1::bigint",
    .fill = fill_history,
    .row = on_history,
    .end = on_history_end};

static void on_begun(struct feed *feed)
{
    feed->resume.is_fit = feed->resume.is_another = false;
    feed_run(feed, &history_step);
}

static const struct feed_step begin_step = {.sql = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
                                            .end = on_begun};

void feed_resume_start(struct feed *feed)
{
    feed->is_loaded = false;
    feed->handlers.reset(feed->context);
    feed_run(feed, &begin_step);
}
