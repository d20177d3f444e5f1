#pragma once

struct store;

/* Forgets the answers that were kept for seven days, a bounded number at a time, about once an hour. */
struct purge;

struct purge *purge_new(struct store *store);
/* Before the store's memory goes, after its connections. */
void purge_free(struct purge *purge);
/* Begins at once. */
void purge_run(struct purge *purge);
