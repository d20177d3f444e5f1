#include "store/feed_state.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/log.h"
#include "store/change.h"
#include "store/parameter.h"

enum { ROUND_CHANGES = 5000 };

/* ---- changes ---- */

static void give_record(struct feed *feed, const struct feed_revision *revision, enum record_kind kind,
                        const char *id, struct column_value message)
{
    struct feed_record given = {
        .kind = kind, .id = id, .revision = revision->revision, .update_time_us = revision->time_us};
    if (message.size >= 0) {
        if (!record_unpack(feed->arena, kind, message.bytes, (size_t)message.size, &given.record)) {
            log_event(LOG_ERROR, "store.bad_change", "a logged record can't be read", LOG_TEXT("id", id));
            return;
        }
        given.packed = message.bytes;
        given.packed_bytes = (size_t)message.size;
    }
    given.record.kind = kind;
    feed->handlers.record(feed->context, &given);
}

static void give_registry(struct feed *feed, const struct feed_revision *revision, const char *id,
                          struct column_value message)
{
    struct feed_registry given = {
        .id = id, .title = "", .revision = revision->revision, .update_time_us = revision->time_us};
    if (message.size > 0) {
        const Partner__V1__Registry *registry =
            partner__v1__registry__unpack(arena_protobuf(feed->arena), (size_t)message.size, message.bytes);
        given.title = registry ? registry->title : "";
    }
    feed->handlers.registry(feed->context, &given);
}

/* True: the revision at hand has been given whole. */
static bool finish_revision(struct feed *feed)
{
    const struct feed_revision *revision = &feed->follow.revisions[feed->follow.at];
    if (feed->follow.changes != revision->change_count)
        return false;
    feed->cursor = revision->revision;
    feed->cursor_change_set = revision->change_set;
    feed->follow.at++;
    feed->follow.changes = 0;
    feed->handlers.revision_done(feed->context, revision->revision, revision->time_us);
    return true;
}

static void on_change(struct feed *feed, const PGresult *result, int row)
{
    int64_t change_set = result_int8(result, row, 0);
    const struct feed_revision *revision = &feed->follow.revisions[feed->follow.at];
    if (change_set != revision->change_set) {
        if (!finish_revision(feed) || feed->follow.at == feed->follow.end ||
            feed->follow.revisions[feed->follow.at].change_set != change_set) {
            feed_fail(feed, "the change log has a gap");
            feed->is_loaded = false;
            return;
        }
        revision = &feed->follow.revisions[feed->follow.at];
    }
    feed->follow.changes++;
    int kind = result_int2(result, row, 1);
    const char *id = PQgetvalue(result, row, 2);
    if (kind == CHANGE_REGISTRY)
        give_registry(feed, revision, id, result_blob(result, row, 3));
    else if (kind > RECORD_NONE && kind < RECORD_KIND_COUNT)
        give_record(feed, revision, (enum record_kind)kind, id, result_blob(result, row, 3));
}

static void on_round_end(struct feed *feed);

static void fill_round(struct feed *feed, struct parameters *parameters)
{
    parameters_int8(parameters, (int64_t)feed->follow.revisions[feed->follow.at].revision);
    parameters_int8(parameters, (int64_t)feed->follow.revisions[feed->follow.end - 1].revision);
}

static const struct feed_step round_step = {
    .name = "feed_round", .mode = FEED_ROWS, .fill = fill_round, .row = on_change, .end = on_round_end};

static void fill_one(struct feed *feed, struct parameters *parameters)
{
    parameters_int8(parameters, feed->follow.revisions[feed->follow.at].change_set);
}

/* A single revision may be of any length: read along the key, nothing is sorted. */
static const struct feed_step one_step = {
    .name = "feed_one", .mode = FEED_ROWS, .fill = fill_one, .row = on_change, .end = on_round_end};

/* ---- rounds ---- */

/* As many revisions as have about ROUND_CHANGES changes, one at least. A changed vocabulary ends the round: its concepts
 * are read before its revision is done. */
static void start_round(struct feed *feed)
{
    size_t end = feed->follow.at;
    int64_t changes = 0;
    while (end < feed->follow.count) {
        const struct feed_revision *revision = &feed->follow.revisions[end];
        if (changes && changes + revision->change_count > ROUND_CHANGES)
            break;
        changes += revision->change_count;
        end++;
        if (revision->vocabulary)
            break;
    }
    feed->follow.end = end;
    feed->follow.changes = 0;
    feed_run(feed, end - feed->follow.at == 1 ? &one_step : &round_step);
}

static void finish_round(struct feed *feed)
{
    if (!finish_revision(feed)) {
        feed_fail(feed, "the change log has a gap");
        feed->is_loaded = false;
    } else if (feed->follow.at < feed->follow.count) {
        start_round(feed);
    } else if (feed->cursor < feed->newest || feed->is_woken) {
        feed_follow_start(feed);
    } else {
        feed_rest(feed);
    }
}

static void on_round_end(struct feed *feed)
{
    if (feed->follow.at != feed->follow.end - 1) {
        feed_fail(feed, "the change log has a gap");
        feed->is_loaded = false;
    } else if (feed->follow.revisions[feed->follow.at].vocabulary && !feed->follows_alone) {
        feed_concepts_start(feed, finish_round);
    } else {
        finish_round(feed);
    }
}

/* ---- looking ---- */

static void fill_look(struct feed *feed, struct parameters *parameters)
{
    parameters_int8(parameters, (int64_t)feed->cursor);
    parameters_int8(parameters, FEED_REVISIONS_MOST);
}

static void on_look_row(struct feed *feed, const PGresult *result, int row)
{
    feed->follow.newest = (uint64_t)result_int8(result, row, 0);
    feed->follow.trimmed = (uint64_t)result_int8(result, row, 1);
    if (row == 0) {
        free(feed->follow.epoch);
        feed->follow.epoch = heap_strdup(PQgetvalue(result, row, 2));
    }
    if (PQgetisnull(result, row, 3) || feed->follow.count == FEED_REVISIONS_MOST)
        return;
    feed->follow.revisions[feed->follow.count++] = (struct feed_revision){
        .revision = (uint64_t)result_int8(result, row, 3),
        .change_set = result_int8(result, row, 4),
        .time_us = result_time_us(result, row, 5),
        .change_count = result_int4(result, row, 6),
        .vocabulary = result_is_true(result, row, 7),
    };
}

/* Another history, an older state of this one, or a log that no longer reaches back to the cursor. */
static bool must_load_again(const struct feed *feed)
{
    return !feed->follow.epoch || strcmp(feed->epoch, feed->follow.epoch) != 0 ||
           feed->follow.newest < feed->cursor || feed->follow.trimmed > feed->cursor ||
           (feed->follow.count && feed->follow.revisions[0].revision != feed->cursor + 1);
}

static void on_looked(struct feed *feed)
{
    if (must_load_again(feed)) {
        log_event(LOG_WARN, "store.feed_reload",
                  "the change log doesn't go on from here: all is loaded again",
                  LOG_NUMBER("revision", (int64_t)feed->cursor),
                  LOG_NUMBER("newest", (int64_t)feed->follow.newest));
        feed_load_start(feed);
        return;
    }
    feed_report_newest(feed, feed->follow.newest);
    if (feed->follow.count)
        start_round(feed);
    else
        feed_rest(feed);
}

static const struct feed_step look_step = {
    .name = "feed_look", .fill = fill_look, .row = on_look_row, .end = on_looked};

void feed_follow_start(struct feed *feed)
{
    feed->follow.count = feed->follow.at = feed->follow.end = 0;
    feed->is_woken = false;
    feed_run(feed, &look_step);
}

/* ---- preparing ---- */

static const struct feed_step prepare_one = {
    .sql = "PREPARE feed_one (bigint) AS"
           " SELECT change_set, kind, id, message FROM change_log WHERE change_set = $1 ORDER BY ordinal",
    .end = feed_listen};

static void on_round_prepared(struct feed *feed)
{
    feed_run(feed, &prepare_one);
}

static const struct feed_step prepare_round = {
    .sql =
        "PREPARE feed_round (bigint, bigint) AS"
        " SELECT l.change_set, l.kind, l.id, l.message FROM revision v JOIN change_log l USING (change_set)"
        " WHERE v.revision BETWEEN $1 AND $2 ORDER BY v.revision, l.ordinal",
    .end = on_round_prepared};

static void on_look_prepared(struct feed *feed)
{
    feed_run(feed, &prepare_round);
}

static const struct feed_step prepare_look = {
    .sql =
        "PREPARE feed_look (bigint, bigint) AS"
        " SELECT l.newest, l.trimmed, l.epoch, v.revision, v.change_set, v.time, v.change_count, v.vocabulary"
        " FROM revision_line l LEFT JOIN LATERAL"
        " (SELECT * FROM revision WHERE revision > $1 ORDER BY revision LIMIT $2) v ON true"
        " ORDER BY v.revision",
    .end = on_look_prepared};

void feed_follow_prepare(struct feed *feed)
{
    feed_run(feed, &prepare_look);
}
