#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <libpq-fe.h>

#include "loop/timer.h"
#include "store/feed.h"
#include "store/store.h"

struct arena;
struct column_codec;
struct dblink;
struct feed;
struct parameters;
struct record_sql;
struct record_stamps;

/* The inside of a feed: one query after the other on one connection, each a step. */

enum feed_mode {
    FEED_WHOLE, /* all rows at once */
    FEED_ROWS,  /* row by row, as they come */
    FEED_COPY   /* COPY TO STDOUT (FORMAT binary) */
};

struct feed_step {
    const char *sql;  /* NULL: of the record kind at hand */
    const char *name; /* not NULL: it is prepared under that name */
    enum feed_mode mode;
    void (*fill)(struct feed *feed, struct parameters *parameters); /* NULL: no parameters */
    void (*row)(struct feed *feed, const PGresult *result, int row);
    void (*copied)(struct feed *feed, const unsigned char *bytes,
                   size_t size);    /* a row of a COPY, its field count first */
    void (*end)(struct feed *feed); /* begins another step, or none */
};

/* A revision that has been heard of and not been given yet. */
struct feed_revision {
    uint64_t revision;
    int64_t change_set, time_us;
    int32_t change_count;
    bool vocabulary;
};

enum { FEED_REVISIONS_MOST = 200 };

struct feed {
    struct loop *loop;
    struct store_settings settings;
    struct feed_handlers handlers;
    void *context;
    struct dblink *link;
    struct column_codec *codec;
    struct record_sql *sql;
    struct timer look;
    struct arena *arena; /* of one row, or one concept */

    bool follows_alone;

    const struct feed_step *step; /* NULL: idle, or not connected */
    bool is_copying, is_first_copied;
    bool is_woken; /* to look again once idle */
    bool is_reachable, has_reported;

    char *epoch;
    bool is_loaded;
    uint64_t cursor; /* the last revision that was given whole */
    int64_t cursor_change_set;
    uint64_t newest; /* as last reported */

    struct {
        enum record_kind kind;
        uint64_t revision;
        int64_t time_us, change_set;
        struct record_stamps *stamps; /* NULL: no records are coming */
    } load;

    struct {
        char *epoch; /* NULL: there is nothing to resume from */
        uint64_t revision;
        int64_t change_set, time_us;
        bool is_fit, is_another;
    } resume;

    struct {
        char *epoch;
        uint64_t newest, trimmed;
        struct feed_revision revisions[FEED_REVISIONS_MOST];
        size_t count;    /* of revisions */
        size_t at, end;  /* those of this round, from the one at hand */
        int32_t changes; /* of the one at hand, given so far */
    } follow;

    struct {
        char *epoch;
        bool is_another, is_noted;
        void (*end)(struct feed *feed);
    } place;

    struct {
        struct arena *arena;
        struct concept_source source;
        struct concept_words *words;
        void (*end)(struct feed *feed);
    } concepts;
};

void feed_run(struct feed *feed, const struct feed_step *step);
/* Nothing to do until it is woken, or `look_ms` have passed. */
void feed_rest(struct feed *feed);
/* Gives the connection up and begins anew by another. */
void feed_fail(struct feed *feed, const char *reason);
void feed_report_newest(struct feed *feed, uint64_t newest);

/* Sees to it that the epoch is renewed where the database has become another one, then calls `end`. */
void feed_place_start(struct feed *feed, void (*end)(struct feed *feed));
void feed_load_start(struct feed *feed);
void feed_resume_start(struct feed *feed);
/* Prepares the steps that come again and again, then listens. */
void feed_follow_prepare(struct feed *feed);
void feed_listen(struct feed *feed);
void feed_follow_start(struct feed *feed);
/* Gives all concepts, then calls `end`. */
void feed_concepts_start(struct feed *feed, void (*end)(struct feed *feed));
