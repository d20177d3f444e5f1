#include "store/feed_state.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/log.h"
#include "base/packer.h"
#include "store/binary.h"
#include "store/column.h"
#include "store/parameter.h"
#include "store/record_stamps.h"

/* All of the database, in one transaction that sees one state of it. */

static void set_text(char **text, const PGresult *result, int row, int column)
{
    free(*text);
    *text = heap_strdup(PQgetvalue(result, row, column));
}

/* ---- records ---- */

/* Takes a field off the row; false: it isn't whole. */
static bool field_take(const unsigned char **at, const unsigned char *end, struct column_value *ret_value)
{
    if (end - *at < 4)
        return false;
    *ret_value = (struct column_value){*at + 4, (int32_t)binary_get_u32(*at)};
    if (ret_value->size < -1 || ret_value->size > end - *at - 4)
        return false;
    *at += 4 + (ret_value->size > 0 ? ret_value->size : 0);
    return true;
}

static bool row_take(const unsigned char *bytes, size_t size, size_t count, struct column_value *values)
{
    const unsigned char *at = bytes + 2, *end = bytes + size;
    if (binary_get_u16(bytes) != count)
        return false;
    for (size_t i = 0; i < count; i++)
        if (!field_take(&at, end, &values[i]))
            return false;
    return at == end;
}

static void log_bad_row(const char *table)
{
    log_event(LOG_ERROR, "store.bad_row", "a row is not of the form of its table", LOG_TEXT("table", table));
}

static struct arena *arena_of_record(struct feed *feed)
{
    struct arena *arena = feed->handlers.record_arena ? feed->handlers.record_arena(feed->context) : NULL;
    return arena ? arena : feed->arena;
}

static void on_record(struct feed *feed, const unsigned char *bytes, size_t size)
{
    struct column_value values[COLUMN_COUNT_MOST];
    struct feed_record given = {.kind = feed->load.kind};
    const struct record_table *table = record_table_of(given.kind);
    if (!row_take(bytes, size, table->column_count, values) ||
        !column_decode(feed->codec, arena_of_record(feed), given.kind, values, &given.record)) {
        log_bad_row(table->name);
        return;
    }
    given.id = record_id(&given.record);
    struct packer packer = packer_of(feed->arena);
    record_pack_into(&packer, &given.record);
    given.packed = packer_bytes(&packer);
    given.packed_bytes = packer_size(&packer);
    struct record_stamp stamp = record_stamps_find(feed->load.stamps, given.id);
    given.revision = stamp.revision;
    given.update_time_us = stamp.time_us;
    feed->handlers.record(feed->context, &given);
}

/* ---- steps, from the last to the first ---- */

static void stamps_drop(struct feed *feed)
{
    record_stamps_free(feed->load.stamps);
    feed->load.stamps = NULL;
}

static void on_committed(struct feed *feed)
{
    stamps_drop(feed);
    feed->cursor = feed->load.revision;
    feed->cursor_change_set = feed->load.change_set;
    feed->is_loaded = true;
    feed->handlers.loaded(feed->context, feed->load.revision, feed->load.time_us, feed->epoch);
    feed_report_newest(feed, feed->load.revision);
    feed_follow_start(feed);
}

static const struct feed_step commit_step = {.sql = "COMMIT", .end = on_committed};

static void on_records(struct feed *feed);

static const struct feed_step records_step = {.mode = FEED_COPY, .copied = on_record, .end = on_records};

static void on_records(struct feed *feed)
{
    if (++feed->load.kind < RECORD_KIND_COUNT)
        feed_run(feed, &records_step);
    else
        feed_run(feed, &commit_step);
}

static void on_stamp(struct feed *feed, const unsigned char *bytes, size_t size)
{
    enum { ID, REVISION, TIME, COUNT };
    struct column_value values[COUNT];
    if (!row_take(bytes, size, COUNT, values) || values[ID].size < 0 || values[REVISION].size != 8 ||
        values[TIME].size != 8) {
        log_bad_row("record");
        return;
    }
    record_stamps_add(feed->load.stamps, values[ID].bytes, (size_t)values[ID].size,
                      (struct record_stamp){binary_get_u64(values[REVISION].bytes),
                                            binary_get_time_us(values[TIME].bytes)});
}

static void on_stamps(struct feed *feed)
{
    feed->load.kind = RECORD_NONE;
    on_records(feed);
}

#define LARGEST "SELECT revision, time FROM revision ORDER BY change_count DESC, revision LIMIT 1"

static const struct feed_step stamps_step = {
    .sql = "COPY (SELECT r.id, v.revision, v.time FROM record r JOIN revision v USING (change_set)"
           " WHERE v.revision <> (SELECT revision FROM (" LARGEST ") AS l)) TO STDOUT (FORMAT binary)",
    .mode = FEED_COPY,
    .copied = on_stamp,
    .end = on_stamps};

static void on_largest(struct feed *feed, const PGresult *result, int row)
{
    record_stamps_set_usual(feed->load.stamps, (struct record_stamp){(uint64_t)result_int8(result, row, 0),
                                                                     result_time_us(result, row, 1)});
}

static void on_largest_end(struct feed *feed)
{
    feed_run(feed, &stamps_step);
}

static const struct feed_step largest_step = {.sql = LARGEST, .row = on_largest, .end = on_largest_end};

/* Concepts come first: then whoever takes the records reads their words once. */
static void on_concepts(struct feed *feed)
{
    stamps_drop(feed);
    feed->load.stamps = record_stamps_new();
    feed_run(feed, &largest_step);
}

static void on_registry(struct feed *feed, const PGresult *result, int row)
{
    struct feed_registry registry = {
        .id = PQgetvalue(result, row, 0),
        .title = PQgetvalue(result, row, 1),
        .revision = (uint64_t)result_int8(result, row, 2),
        .update_time_us = result_time_us(result, row, 3),
    };
    feed->handlers.registry(feed->context, &registry);
}

static void on_registries(struct feed *feed)
{
    feed_concepts_start(feed, on_concepts);
}

static const struct feed_step registries_step = {.sql =
                                                     "SELECT r.id, r.title, v.revision, v.time FROM registry "
                                                     "r JOIN revision v USING (change_set) ORDER BY r.id",
                                                 .row = on_registry,
                                                 .end = on_registries};

static void on_line(struct feed *feed, const PGresult *result, int row)
{
    feed->load.revision = (uint64_t)result_int8(result, row, 0);
    set_text(&feed->epoch, result, row, 1);
    feed->load.time_us = PQgetisnull(result, row, 2) ? 0 : result_time_us(result, row, 2);
    feed->load.change_set = PQgetisnull(result, row, 3) ? 0 : result_int8(result, row, 3);
}

static void on_line_end(struct feed *feed)
{
    if (feed->follows_alone)
        on_committed(feed);
    else
        feed_run(feed, &registries_step);
}

static const struct feed_step line_step = {
    .sql = "SELECT l.newest, l.epoch, v.time, v.change_set FROM revision_line l LEFT JOIN revision v ON "
           "v.revision = l.newest",
    .row = on_line,
    .end = on_line_end};

static void on_planned(struct feed *feed)
{
    feed_run(feed, &line_step);
}

/* Here all is read from end to end, from the beginning: what was written in order comes in order. */
static const struct feed_step plan_step = {
    .sql = "SELECT set_config('enable_seqscan', 'on', true), set_config('enable_hashjoin', 'on', true),"
           " set_config('enable_mergejoin', 'on', true), set_config('synchronize_seqscans', 'off', true)",
    .end = on_planned};

static void on_begun(struct feed *feed)
{
    feed_run(feed, &plan_step);
}

static const struct feed_step begin_step = {.sql = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
                                            .end = on_begun};

void feed_load_start(struct feed *feed)
{
    feed->is_loaded = false;
    feed->handlers.reset(feed->context);
    feed_run(feed, feed->follows_alone ? &line_step : &begin_step);
}
