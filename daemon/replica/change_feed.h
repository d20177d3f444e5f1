#pragma once

struct change_ring;
struct store_settings;

/* Fills a ring with the changes as they come, on a thread and a connection of its own: so that those who watch don't wait for
 * snapshots to be made. */
struct change_feed;

struct change_feed *change_feed_new(struct change_ring *ring, const struct store_settings *settings);
/* Begins; once. */
void change_feed_start(struct change_feed *feed);
/* Stops following and ends the thread, soon. After the start; any thread. */
void change_feed_stop(struct change_feed *feed);
/* Stopped: waits for the thread's end, after which it tells nobody anything any more. */
void change_feed_join(struct change_feed *feed);
/* Never started, or joined. NULL is fine. */
void change_feed_free(struct change_feed *feed);
