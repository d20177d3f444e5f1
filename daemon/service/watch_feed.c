#include "service/watch_parts.h"

#include "base/clock.h"
#include "base/metric.h"
#include "replica/change_form.h"
#include "rpc/call.h"

/* A message ends before it would have more, so what is unsent stays below 1 MiB: at most 128 KiB before, and this; or a page
 * of the log. A single change may be larger, up to 257 KiB. */
enum { MESSAGE_BYTES = 256 * 1024, BLOCKS_MOST = 64, TURN_CHANGES = 20000 };
enum { FIELD_REVISION = 2, FIELD_EPOCH = 3 };

/* Sends the first bytes of what has been made ready; the rest is the beginning of the next message. */
static void send_first(struct watcher *watcher, size_t bytes)
{
    struct watch_hub *hub = watcher->hub;
    struct text_buffer *message = &hub->message;
    text_buffer_clear(&hub->rest);
    text_buffer_append(&hub->rest, message->bytes + bytes, message->size - bytes);
    message->size = bytes;
    form_add_number(message, FIELD_REVISION, watcher->place.whole);
    form_add_text(message, FIELD_EPOCH, watcher->epoch);
    watcher->is_full = !rpc_call_send_packed(watcher->call, message->bytes, message->size);
    watcher->sent_revision = watcher->place.whole;
    watcher->sent_ms = clock_monotonic_ms();
    watcher->owes = false;
    hub->whole_bytes = 0;
    text_buffer_clear(message);
    text_buffer_append(message, hub->rest.bytes, hub->rest.size);
}

/* A message that moves `revision` has nothing of what comes after it: whoever takes all of it in has whole revisions. */
static void send(struct watcher *watcher)
{
    struct watch_hub *hub = watcher->hub;
    if (hub->whole_bytes && hub->whole_bytes < hub->message.size)
        send_first(watcher, hub->whole_bytes);
    send_first(watcher, hub->message.size);
}

static void send_rest(struct watcher *watcher)
{
    if (watcher->hub->message.size || watcher->owes)
        send(watcher);
    watcher->hub->whole_bytes = 0;
}

void watcher_beat(struct watcher *watcher)
{
    send(watcher);
}

/* ---- changes ---- */

/* The next change of the revision at hand. */
static void give(struct watcher *watcher, const struct change_list *list, size_t number)
{
    const struct change_entry *entry = &list->entries[number];
    const char *data = list->data.bytes;
    watcher->place.given++;
    if (!registry_filter_takes(&watcher->filter, data + entry->registry_at))
        return;
    uint32_t at = watcher->with_contact ? entry->at : entry->bare_at;
    uint32_t bytes = watcher->with_contact ? entry->bytes : entry->bare_bytes;
    struct text_buffer *message = &watcher->hub->message;
    while (message->size && message->size + bytes > MESSAGE_BYTES)
        send_first(watcher, watcher->hub->whole_bytes ? watcher->hub->whole_bytes : message->size);
    text_buffer_append(message, data + at, bytes);
    watcher->place.shown++;
    metric_add(watcher->hub->changes_metric, 1);
}

static void pass_revision(struct watcher *watcher)
{
    watcher->owes = watcher->owes || (watcher->place.shown && !watcher->hub->message.size);
    watcher->place = (struct watch_place){.whole = watcher->place.whole + 1, .ordinal = -1};
    watcher->hub->whole_bytes = watcher->hub->message.size;
}

/* ---- from memory ---- */

/* As much of the block as is taken. */
static void give_block(struct watcher *watcher, const struct change_block *block)
{
    while (watcher->place.given < block->list.count && !watcher->is_full)
        give(watcher, &block->list, watcher->place.given);
    if (watcher->place.given == block->list.count)
        pass_revision(watcher);
}

static size_t give_blocks(struct watcher *watcher, struct change_block **blocks, size_t count)
{
    size_t changes = 0;
    for (size_t i = 0; i < count; i++) {
        changes += 1 + blocks[i]->list.count;
        if (!watcher->is_full)
            give_block(watcher, blocks[i]);
        change_block_release(blocks[i]);
    }
    return changes;
}

/* The database was loaded anew, and may be another one: the place is checked before it goes on. */
static void check_again(struct watcher *watcher)
{
    uint64_t load = change_ring_load(watcher->hub->ring);
    if (!load)
        return;
    watcher->load = load;
    watch_hub_read(watcher, true);
}

void watcher_feed(struct watcher *watcher)
{
    struct change_block *blocks[BLOCKS_MOST];
    enum change_ring_reach reach = RING_IN_REACH;
    size_t count = 1, changes = 0;
    if (!watcher->is_begun || watcher->is_waiting || watcher->is_reading)
        return;
    while (!watcher->is_full && changes < TURN_CHANGES && count) {
        reach = change_ring_take(watcher->hub->ring, watcher->load, watcher->place.whole, blocks, BLOCKS_MOST,
                                 &count);
        changes += give_blocks(watcher, blocks, count);
    }
    send_rest(watcher);
    if (watcher->is_full)
        return;
    if (reach == RING_VOID)
        check_again(watcher);
    else if (reach == RING_OLDER)
        watch_hub_read(watcher, false);
    else if (changes >= TURN_CHANGES)
        watch_hub_feed_soon(watcher->hub);
}

/* ---- from the log ---- */

static void take_row(struct watcher *watcher, const struct log_row *row)
{
    struct watch_place *place = &watcher->place;
    place->rows++;
    place->ordinal = row->ordinal;
    if (row->kind != RECORD_NONE && place->seen++ >= place->given) {
        struct change_list *list = &watcher->hub->page_list;
        change_list_clear(list);
        change_list_add(list, &(struct record_form){
                                  .kind = row->kind,
                                  .id = row->id,
                                  .packed = row->packed,
                                  .packed_bytes = row->packed_bytes,
                                  .revision = row->revision,
                                  .update_time_us = row->time_us,
                              });
        give(watcher, list, 0);
    }
    if (place->rows == row->change_count)
        pass_revision(watcher);
}

void watcher_take_rows(struct watcher *watcher, const PGresult *rows)
{
    for (int i = 0; i < PQntuples(rows); i++) {
        struct log_row row = log_row_of(rows, i);
        if (row.revision !=
            watcher->place.whole + 1) { /* trimmed in between: the line tells, at the next read */
            break;
        }
        take_row(watcher, &row);
    }
    send_rest(watcher);
}
