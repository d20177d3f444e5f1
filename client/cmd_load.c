#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/text.h"
#include "client/client.h"
#include "client/commands.h"
#include "client/exit.h"
#include "client/import_vocabulary.h"
#include "client/words.h"
#include "net/channel.h"
#include "partner/v1/vocabulary.pb-c.h"

#define LOAD_PATH      "/partner.v1.VocabularyService/LoadConcepts"
#define PROGRESS_EVERY 1000

/* One `vocabulary load`: a call for each scheme that the files hold, one after the other. */
struct load {
    struct client *client;
    const char *name, *language;
    struct channel_call *call; /* NULL: none is open */
    Partner__V1__Scheme scheme;
    bool writable, over;
    struct status status;
    uint64_t sent;
    bool
        keep_going; /* leave bad rows out; else one bad row stops the load, since what is sent replaces what is there */
    bool broken; /* what was read is not to be loaded */
    int failed;
    Partner__V1__LoadConceptsResponse sum;
};

static void take_answer(void *context, const ProtobufCMessage *message)
{
    struct load *load = context;
    const Partner__V1__LoadConceptsResponse *answer = (const void *)message;
    load->sum.created += answer->created;
    load->sum.updated += answer->updated;
    load->sum.deleted += answer->deleted;
    load->sum.rejected += answer->rejected;
    if (answer->revision > load->sum.revision)
        load->sum.revision = answer->revision;
    for (size_t i = 0; i < answer->n_reasons; i++)
        fprintf(stderr, "%s\n", answer->reasons[i]);
}

static void take_writable(void *context)
{
    struct load *load = context;
    load->writable = true;
}

/* The status' texts go when this returns. */
static void take_end(void *context, struct status status)
{
    struct load *load = context;
    struct arena *arena = load->client->arena;
    load->status = status;
    load->status.message = status.message ? arena_strdup(arena, status.message) : NULL;
    load->status.field = status.field ? arena_strdup(arena, status.field) : NULL;
    load->status.reason = NULL;
    load->status.more = NULL;
    load->call = NULL;
    load->over = load->writable = true;
}

static void tell_progress(const struct load *load, bool last)
{
    if (load->client->output.error_terminal && (last || load->sent % PROGRESS_EVERY == 0))
        fprintf(stderr, "\r%s: %" PRIu64 "%s", words_scheme_name(load->scheme), load->sent, last ? "\n" : "");
}

/* Queues one message, and lets the connection work where much is unsent. */
static void send(struct load *load, const Partner__V1__LoadConceptsRequest *request)
{
    load->writable = channel_call_send(load->call, &request->base);
    if (!load->writable)
        channel_wait(client_channel(load->client), &load->writable);
}

static void begin_scheme(struct load *load, Partner__V1__Scheme scheme)
{
    const struct flags *flags = &load->client->flags;
    Partner__V1__LoadConceptsRequest request = PARTNER__V1__LOAD_CONCEPTS_REQUEST__INIT;
    Partner__V1__LoadOptions options = PARTNER__V1__LOAD_OPTIONS__INIT;
    load->scheme = scheme;
    load->over = false;
    load->sent = 0;
    load->call = channel_call_begin(
        client_channel(load->client),
        &(struct channel_call_settings){
            .path = LOAD_PATH,
            .response = &partner__v1__load_concepts_response__descriptor,
            .timeout_ms = load->client->settings.timeout_ms > 0 ? load->client->settings.timeout_ms : 0,
            .message = take_answer,
            .writable = take_writable,
            .end = take_end,
            .context = load,
        });
    options.vocabulary = (char *)load->name;
    options.scheme = scheme;
    options.language = (char *)load->language;
    options.labels_only = flags_has(flags, "labels-only");
    options.dry_run = flags_has(flags, "dry-run");
    request.part_case = PARTNER__V1__LOAD_CONCEPTS_REQUEST__PART_OPTIONS;
    request.options = &options;
    send(load, &request);
}

/* Ends the scheme's call and waits for its answer. */
static void end_scheme(struct load *load)
{
    if (load->broken) {
        if (load->call)
            channel_call_cancel(load->call);
        load->call = NULL;
        return;
    }
    if (load->call)
        channel_call_half_close(load->call);
    if (!load->over)
        channel_wait(client_channel(load->client), &load->over);
    tell_progress(load, true);
    if (!status_ok(load->status))
        load->failed = client_report(load->client, load->status);
}

static bool take_concept(void *context, const Partner__V1__Concept *concept)
{
    struct load *load = context;
    Partner__V1__LoadConceptsRequest request = PARTNER__V1__LOAD_CONCEPTS_REQUEST__INIT;
    if (load->scheme != concept->scheme) {
        if (load->scheme)
            end_scheme(load);
        if (load->failed || load->broken)
            return false;
        begin_scheme(load, concept->scheme);
    }
    if (!load->call)
        return false;
    request.part_case = PARTNER__V1__LOAD_CONCEPTS_REQUEST__PART_CONCEPT;
    request.concept = (Partner__V1__Concept *)concept;
    send(load, &request);
    load->sent++;
    tell_progress(load, false);
    return true;
}

static void file_fault(void *context, const struct import_fault *fault)
{
    struct load *load = context;
    load->sum.rejected++;
    load->broken |= !load->keep_going || !fault->line;
    if (fault->line)
        fprintf(stderr, "%s, line %zu%s%s: %s\n", fault->path, fault->line, fault->column ? ", " : "",
                fault->column ? fault->column : "", fault->message);
    else
        fprintf(stderr, "%s: %s\n", fault->path, fault->message);
}

static void file_note(void *context, const char *path, const char *message)
{
    (void)context;
    fprintf(stderr, "%s: %s\n", path, message);
}

/* The "de" of skills_de.csv and skills_de.csv.gz. */
static const char *language_of_name(struct arena *arena, const char *path)
{
    const char *end = strstr(path, ".csv");
    if (end && end - path > 3 && end[-3] == '_' && islower((unsigned char)end[-2]) &&
        islower((unsigned char)end[-1]))
        return arena_strndup(arena, end - 2, 2);
    return NULL;
}

static int write_answer(struct load *load)
{
    static const char *const columns[] = {"created", "updated", "deleted", "rejected", "revision", NULL};
    const Partner__V1__LoadConceptsResponse *sum = &load->sum;
    if (output_wants_table(&load->client->output, false)) {
        printf("%s%" PRIu64 " created, %" PRIu64 " updated, %" PRIu64 " deleted, %" PRIu64
               " rejected; revision %" PRIu64 "\n",
               flags_has(&load->client->flags, "dry-run") ? "nothing was changed; it would be: " : "",
               sum->created, sum->updated, sum->deleted, sum->rejected, sum->revision);
        return EXIT_DONE;
    }
    struct status status = output_one(&load->client->output, &sum->base, columns);
    return status_ok(status) ? EXIT_DONE : client_fail(EXIT_USAGE, NULL, "%s", status.message);
}

int cmd_vocabulary_load(struct client *client)
{
    struct load load = {.client = client,
                        .name = flags_text(&client->flags, "name"),
                        .language = flags_text(&client->flags, "language"),
                        .keep_going = flags_has(&client->flags, "keep-going")};
    struct import_report report = {.fault = file_fault, .note = file_note, .context = &load};
    partner__v1__load_concepts_response__init(&load.sum);
    if (!load.name)
        return client_fail(EXIT_USAGE, "--name 'ESCO 1.1.1', or --name 'NUTS 2021'",
                           "--name is missing: the vocabulary's name and version");
    for (size_t i = 0; !load.language && i < client->flags.word_count; i++)
        load.language = language_of_name(client->arena, client->flags.words[i]);
    if (!load.language)
        load.language = "en";
    import_vocabulary(client->flags.words, client->flags.word_count, &report, take_concept, &load);
    if (load.scheme && !load.failed)
        end_scheme(&load);
    if (load.failed)
        return load.failed;
    if (load.broken || !load.scheme)
        return client_fail(EXIT_INVALID,
                           load.scheme ? "mend it, or leave bad rows out with --keep-going" : NULL,
                           "the vocabulary was not loaded");
    int failed = write_answer(&load);
    return failed ? failed : load.sum.rejected ? EXIT_PARTLY : EXIT_DONE;
}
