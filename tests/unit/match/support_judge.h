#pragma once

#include "match/support_oracle.h"

/* The oracle's inner half: one host and one offer at a time. */

/* One question under way. */
struct asking {
    struct arena *arena;
    const struct oracle_world *world;
    const struct match_question *question;
    pb_need need; /* with the field in question emptied */
    bool extend;
    const pb_organisation *sender;
    bool sender_named;
    int *body;     /* by organisation */
    bool *partner; /* body by body, organisation_count squared */
    const char **wanted;
    bool *essential;
    double *idf;
    size_t wanted_count;
    int *offer_place;   /* by offer: its organisation, -1 where that isn't there */
    size_t *offers_of;  /* by organisation */
    bool *profile;      /* by organisation: its body has no offers */
    const char ***read; /* by offer and outcome: the code, NULL where it could not be read */
};

/* A host and one offer of its, NULL for its profile. */
struct pair {
    const pb_organisation *host;
    const pb_offer *offer;
};

/* Everything about a question but who is eligible. */
struct asking oracle_ask(struct arena *arena, const struct oracle_world *world,
                         const struct match_question *question);
/* Empties the field that a filter stands for. */
void oracle_give_up(struct asking *asking, const char *name);
/* The organisation's number; -1: not there. */
int oracle_place_of(const struct oracle_world *world, const char *id);
/* Fills body: of each organisation the smallest number in its body. */
void oracle_find_bodies(struct asking *asking);
/* Fills partner. */
void oracle_find_partners(struct asking *asking);
/* The code, NULL where the words could not be read. */
const char *oracle_read_outcome(const struct asking *asking, const pb_outcome *outcome);
/* Fills wanted and essential. */
void oracle_read_wanted(struct asking *asking);
double oracle_idf_of(const struct asking *asking, const char *code);
bool oracle_states_days(const pb_day_range *range);
bool oracle_period_stated(const pb_need *need);
bool oracle_any_essential(const struct asking *asking);
bool oracle_is_eligible(const struct asking *asking, const struct pair *pair);
/* A pair in full: whether it is eligible, its values and its score. */
struct oracle_match oracle_judge(const struct asking *asking, const struct pair *pair);
