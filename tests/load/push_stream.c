/* push_stream URL REGISTRY COUNT [full] [seed=N] [token=T]: pushes COUNT organisations with an offer each, made as it goes, so that
 * the client costs little beside the server; prints the answer as JSON. Used by push_rate.py. */

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "loop/loop.h"
#include "net/channel.h"
#include "partner/v1/registry.pb-c.h"

enum { OUTCOMES = 4, TEXT_BYTES = 200 };

struct push {
    struct channel *channel;
    struct channel_call *call;
    bool writable, over;
    int exit_code;
};

static void take_answer(void *, const ProtobufCMessage *message)
{
    const Partner__V1__PushResponse *answer = (const void *)message;
    const Partner__V1__Tally *tally = answer->tally;
    printf("{\"created\": %" PRIu64 ", \"updated\": %" PRIu64 ", \"unchanged\": %" PRIu64
           ", \"deleted\": %" PRIu64 ", \"rejected\": %" PRIu64 ", \"revision\": %" PRIu64,
           tally->created, tally->updated, tally->unchanged, tally->deleted, tally->rejected,
           answer->revision);
    if (answer->n_rejections)
        fprintf(stderr, "%s: %s\n", answer->rejections[0]->field, answer->rejections[0]->reason);
}

static void take_writable(void *context)
{
    ((struct push *)context)->writable = true;
}

static void take_end(void *context, struct status status)
{
    struct push *push = context;
    push->over = push->writable = true;
    if (!status_ok(status)) {
        fprintf(stderr, "%s: %s\n", status_code_name(status.code), status.message ? status.message : "");
        push->exit_code = 1;
    }
}

static void send(struct push *push, const Partner__V1__PushRequest *request)
{
    if (push->over)
        return;
    push->writable = channel_call_send(push->call, &request->base);
    if (!push->writable)
        channel_wait(push->channel, &push->writable);
}

static void send_record(struct push *push, Partner__V1__Record *record)
{
    Partner__V1__Change change = PARTNER__V1__CHANGE__INIT;
    Partner__V1__PushRequest request = PARTNER__V1__PUSH_REQUEST__INIT;
    change.kind_case = PARTNER__V1__CHANGE__KIND_UPSERT;
    change.upsert = record;
    request.part_case = PARTNER__V1__PUSH_REQUEST__PART_CHANGE;
    request.change = &change;
    send(push, &request);
}

static void send_organisation(struct push *push, const char *registry, unsigned long n, const char *seed)
{
    static Partner__V1__Role roles[] = {PARTNER__V1__ROLE__ROLE_HOSTING};
    char id[TEXT_BYTES], name[TEXT_BYTES], pic[16], website[TEXT_BYTES];
    char *sectors[] = {(char *)"0715", (char *)"0722"};
    Partner__V1__LanguageLevel language = PARTNER__V1__LANGUAGE_LEVEL__INIT;
    Partner__V1__LanguageLevel *languages[] = {&language};
    Partner__V1__Identifier identifier = PARTNER__V1__IDENTIFIER__INIT;
    Partner__V1__Identifier *identifiers[] = {&identifier};
    Partner__V1__Organisation organisation = PARTNER__V1__ORGANISATION__INIT;
    Partner__V1__Record record = PARTNER__V1__RECORD__INIT;
    snprintf(id, sizeof id, "%s/a%lu", registry, n);
    snprintf(name, sizeof name, "School of applied crafts number %lu%s", n, seed);
    snprintf(pic, sizeof pic, "9%08lu", n % 100000000);
    snprintf(website, sizeof website, "https://school-%lu.example.org", n);
    language.language = (char *)"de";
    identifier.scheme = (char *)"pic";
    identifier.value = pic;
    organisation.id = id;
    organisation.roles = roles;
    organisation.n_roles = 1;
    organisation.name = name;
    organisation.country = (char *)"DE";
    organisation.city = (char *)"Chemnitz";
    organisation.website = website;
    organisation.identifiers = identifiers;
    organisation.n_identifiers = 1;
    organisation.sectors = sectors;
    organisation.n_sectors = 2;
    organisation.languages = languages;
    organisation.n_languages = 1;
    organisation.employees = (uint32_t)(n % 500);
    record.kind_case = PARTNER__V1__RECORD__KIND_ORGANISATION;
    record.organisation = &organisation;
    send_record(push, &record);
}

static void send_offer(struct push *push, const char *registry, unsigned long n)
{
    char id[TEXT_BYTES], owner[TEXT_BYTES], title[TEXT_BYTES], concepts[OUTCOMES][TEXT_BYTES];
    char *sectors[] = {(char *)"0715"};
    Partner__V1__Outcome outcomes[OUTCOMES];
    Partner__V1__Outcome *list[OUTCOMES];
    Partner__V1__DayRange duration = PARTNER__V1__DAY_RANGE__INIT;
    Partner__V1__Offer offer = PARTNER__V1__OFFER__INIT;
    Partner__V1__Record record = PARTNER__V1__RECORD__INIT;
    snprintf(id, sizeof id, "%s/o%lu", registry, n);
    snprintf(owner, sizeof owner, "%s/a%lu", registry, n);
    snprintf(title, sizeof title, "Placement in workshop %lu", n);
    for (unsigned k = 0; k < OUTCOMES; k++) {
        partner__v1__outcome__init(&outcomes[k]);
        snprintf(concepts[k], TEXT_BYTES, "http://data.europa.eu/esco/skill/%lu", (n * 7 + k * 13) % 5000);
        outcomes[k].concept = concepts[k];
        list[k] = &outcomes[k];
    }
    duration.min_days = 14;
    duration.max_days = 90;
    offer.id = id;
    offer.organisation_id = owner;
    offer.title = title;
    offer.sectors = sectors;
    offer.n_sectors = 1;
    offer.duration = &duration;
    offer.outcomes = list;
    offer.n_outcomes = OUTCOMES;
    record.kind_case = PARTNER__V1__RECORD__KIND_OFFER;
    record.offer = &offer;
    send_record(push, &record);
}

int main(int argc, char **argv)
{
    if (argc < 4)
        return 2;
    Partner__V1__PushOptions options = PARTNER__V1__PUSH_OPTIONS__INIT;
    Partner__V1__PushRequest request = PARTNER__V1__PUSH_REQUEST__INIT;
    const char *seed = "", *token = NULL;
    options.registry = argv[2];
    unsigned long count = strtoul(argv[3], NULL, 10);
    for (int i = 4; i < argc; i++) {
        if (strcmp(argv[i], "full") == 0)
            options.full = true;
        if (strncmp(argv[i], "seed=", 5) == 0)
            seed = argv[i] + 5;
        if (strncmp(argv[i], "token=", 6) == 0)
            token = argv[i] + 6;
    }
    signal(SIGPIPE, SIG_IGN);
    struct loop *loop = loop_new("push", 0);
    struct push push = {
        .channel = channel_open(loop, &(struct channel_settings){.target = argv[1], .token = token}),
    };
    int64_t start_ms = clock_monotonic_ms();
    push.call = channel_call_begin(push.channel, &(struct channel_call_settings){
                                                     .path = "/partner.v1.RegistryService/Push",
                                                     .response = &partner__v1__push_response__descriptor,
                                                     .message = take_answer,
                                                     .writable = take_writable,
                                                     .end = take_end,
                                                     .context = &push,
                                                 });
    request.part_case = PARTNER__V1__PUSH_REQUEST__PART_OPTIONS;
    request.options = &options;
    send(&push, &request);
    for (unsigned long n = 0; n < count; n++)
        send_organisation(&push, argv[2], n, seed);
    for (unsigned long n = 0; n < count; n++)
        send_offer(&push, argv[2], n);
    int64_t sent_ms = clock_monotonic_ms();
    if (!push.over)
        channel_call_half_close(push.call);
    if (!push.over)
        channel_wait(push.channel, &push.over);
    if (!push.exit_code)
        printf(", \"send_ms\": %" PRId64 ", \"all_ms\": %" PRId64 "}\n", sent_ms - start_ms,
               clock_monotonic_ms() - start_ms);
    channel_close(push.channel);
    loop_free(loop);
    return push.exit_code;
}
