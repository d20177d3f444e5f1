#include "service/load_concepts.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/text.h"
#include "loop/worker.h"
#include "partner/v1/vocabulary.pb-c.h"
#include "rpc/call.h"
#include "service/concept_links.h"
#include "service/request.h"
#include "service/services.h"
#include "store/vocabulary.h"

typedef Partner__V1__LoadConceptsRequest load_request;
typedef Partner__V1__LoadOptions pb_options;
typedef Partner__V1__Concept pb_concept;

enum {
    CONCEPTS_MOST = 1000000,
    GATHERED_BYTES = 256 * 1024 * 1024,
    TEXT_BYTES = 500,
    CODE_SHOWN_BYTES = 100,
    LONG_TEXT_BYTES = 10000
};

/* What has come so far. Its own arena: a call's own is for one message. */
struct loading {
    struct rpc_call *call;
    struct arena *arena;
    struct store_vocabulary vocabulary;
    struct store_concept *concepts;
    struct text_list *narrower; /* of each */
    size_t capacity;
    bool has_options, has_narrower;
    struct status turned; /* how that went */
};

static void loading_free(struct loading *loading)
{
    free(loading->concepts);
    free(loading->narrower);
    arena_free(loading->arena);
    free(loading);
}

void load_concepts_start(struct rpc_call *call, const ProtobufCMessage *)
{
    struct loading *loading = heap_zalloc(sizeof *loading);
    loading->call = call;
    loading->arena = arena_new(0);
    rpc_call_set_state(call, loading);
    rpc_call_hold(call);
}

static void loading_end(struct loading *loading)
{
    struct rpc_call *call = loading->call;
    rpc_call_set_state(call, NULL);
    loading_free(loading);
    rpc_call_release(call);
}

static void options_check(struct faults *faults, const pb_options *options)
{
    const char *blank = strrchr(options->vocabulary, ' ');
    if (!blank || blank == options->vocabulary || !blank[1])
        faults_add(faults, "options.", "vocabulary",
                   "is not a name, a blank and a version, as \"ESCO 1.1.1\"");
    else if (strlen(options->vocabulary) > TEXT_BYTES || text_has_control(options->vocabulary, false))
        faults_add(faults, "options.", "vocabulary", "has a control character or over %d bytes", TEXT_BYTES);
    if (options->scheme == PARTNER__V1__SCHEME__SCHEME_UNSPECIFIED)
        faults_add(faults, "options.", "scheme", "is asked for: SCHEME_OUTCOME, SCHEME_REGION, ...");
    request_language_check(faults, "options.", options->language);
}

static char *lower_case(struct arena *arena, const char *text)
{
    char *copy = arena_strdup(arena, text);
    for (char *at = copy; *at; at++)
        if (*at >= 'A' && *at <= 'Z')
            *at = (char)(*at + 32);
    return copy;
}

static struct status take_options(struct loading *loading, const pb_options *options)
{
    if (loading->has_options)
        return status_invalid("options", "come once, first");
    struct faults faults = {.arena = loading->arena};
    options_check(&faults, options);
    loading->has_options = true;
    loading->vocabulary = (struct store_vocabulary){
        .vocabulary = text_nfc(loading->arena, options->vocabulary),
        .scheme = (enum scheme)options->scheme,
        .language = *options->language ? lower_case(loading->arena, options->language) : "en",
        .labels_only = options->labels_only,
        .dry_run = options->dry_run,
    };
    return faults_status(&faults);
}

static bool text_fits(const char *text, size_t most, bool newlines_allowed)
{
    return strlen(text) <= most && !text_has_control(text, newlines_allowed);
}

static bool list_fits(char *const *items, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (!text_fits(items[i], TEXT_BYTES, false))
            return false;
    return true;
}

/* The first fault of a concept's form; what it means is the store's to judge. */
static const char *concept_fault(const pb_concept *concept, enum scheme scheme)
{
    if (concept->scheme != PARTNER__V1__SCHEME__SCHEME_UNSPECIFIED && (enum scheme) concept->scheme != scheme)
        return "concept.scheme";
    if (!text_fits(concept->code, TEXT_BYTES, false))
        return "concept.code";
    if (!text_fits(concept->label, TEXT_BYTES, false))
        return "concept.label";
    if (!list_fits(concept->other_labels, concept->n_other_labels))
        return "concept.other_labels";
    if (!text_fits(concept->description, LONG_TEXT_BYTES, true))
        return "concept.description";
    if (!list_fits(concept->broader, concept->n_broader))
        return "concept.broader";
    if (!list_fits(concept->narrower, concept->n_narrower))
        return "concept.narrower";
    if (!list_fits(concept->related, concept->n_related))
        return "concept.related";
    if (!list_fits(concept->sectors, concept->n_sectors))
        return "concept.sectors";
    static const char *const reuses[] = {"", "transversal", "cross-sector", "sector-specific",
                                         "occupation-specific"};
    for (size_t i = 0; i < sizeof reuses / sizeof *reuses; i++)
        if (text_equal(concept->reuse, reuses[i]))
            return NULL;
    return "concept.reuse";
}

static struct text_list list_copy(struct arena *arena, char *const *items, size_t count)
{
    const char **copy = arena_array(arena, count, sizeof *copy);
    for (size_t i = 0; i < count; i++)
        copy[i] = text_nfc(arena, items[i]);
    return (struct text_list){copy, count};
}

static struct status take_concept(struct loading *loading, const pb_concept *concept)
{
    if (!loading->has_options)
        return status_invalid("options", "come first");
    struct store_vocabulary *vocabulary = &loading->vocabulary;
    if (vocabulary->concept_count == CONCEPTS_MOST || arena_used(loading->arena) > GATHERED_BYTES)
        return status_make(STATUS_RESOURCE_EXHAUSTED,
                           "a vocabulary takes at most 1,000,000 concepts and 256 MiB");
    text_unify_newlines(concept->description); /* in the call's arena: ours to normalise */
    const char *fault = concept_fault(concept, vocabulary->scheme);
    if (fault)
        return status_format(
            loading->arena, STATUS_INVALID_ARGUMENT, fault,
            "of concept %zu (%.*s) is too long, has a control character or is not a known word",
            vocabulary->concept_count, (int)text_cut(concept->code, CODE_SHOWN_BYTES), concept->code);
    if (vocabulary->concept_count == loading->capacity) {
        loading->capacity = loading->capacity ? loading->capacity * 2 : 256;
        loading->concepts = heap_realloc(loading->concepts, loading->capacity * sizeof *loading->concepts);
        loading->narrower = heap_realloc(loading->narrower, loading->capacity * sizeof *loading->narrower);
    }
    struct arena *arena = loading->arena;
    loading->has_narrower |= concept->n_narrower > 0;
    loading->narrower[vocabulary->concept_count] = list_copy(arena, concept->narrower, concept->n_narrower);
    loading->concepts[vocabulary->concept_count++] = (struct store_concept){
        .code = arena_strdup(arena, concept->code),
        .label = text_nfc(arena, concept->label),
        .description = text_nfc(arena, concept->description),
        .reuse = arena_strdup(arena, concept->reuse),
        .other_labels = list_copy(arena, concept->other_labels, concept->n_other_labels),
        .broader = list_copy(arena, concept->broader, concept->n_broader),
        .related = list_copy(arena, concept->related, concept->n_related),
        .sectors = list_copy(arena, concept->sectors, concept->n_sectors),
    };
    return STATUS_NONE;
}

void load_concepts_message(struct rpc_call *call, const ProtobufCMessage *message)
{
    struct loading *loading = rpc_call_state(call);
    const load_request *request = (const load_request *)message;
    if (!loading)
        return;
    struct status status = status_invalid("part", "is asked for: options or a concept");
    if (request->part_case == PARTNER__V1__LOAD_CONCEPTS_REQUEST__PART_OPTIONS)
        status = take_options(loading, request->options);
    else if (request->part_case == PARTNER__V1__LOAD_CONCEPTS_REQUEST__PART_CONCEPT)
        status = take_concept(loading, request->concept);
    if (!status_ok(status)) {
        rpc_call_finish(call, status);
        loading_end(loading);
    }
}

static void loaded(void *context, struct status status, const struct store_vocabulary_result *result)
{
    struct loading *loading = context;
    if (status_ok(status)) {
        Partner__V1__LoadConceptsResponse response = PARTNER__V1__LOAD_CONCEPTS_RESPONSE__INIT;
        response.created = result->created;
        response.updated = result->updated;
        response.deleted = result->deleted;
        response.rejected = result->rejected;
        response.reasons = (char **)result->reasons;
        response.n_reasons = result->reason_count;
        response.revision = result->revision;
        rpc_call_reply(loading->call, &response.base);
    } else {
        rpc_call_finish(loading->call, status);
    }
    loading_end(loading);
}

static void load(struct loading *loading)
{
    loading->vocabulary.concepts = loading->concepts;
    store_vocabulary_load(services_loop(loading->call)->store, loading->arena, &loading->vocabulary, loaded,
                          loading);
}

static void turn_links(void *context)
{
    struct loading *loading = context;
    loading->turned = concept_links_turn(loading->arena, loading->concepts, loading->narrower,
                                         loading->vocabulary.concept_count);
}

static void links_turned(void *context)
{
    struct loading *loading = context;
    if (rpc_call_is_over(loading->call)) {
        /* Nobody waits for it any more, and at the end of the process the store has gone already. */
        loading_end(loading);
        return;
    }
    if (status_ok(loading->turned)) {
        load(loading);
    } else {
        rpc_call_finish(loading->call, loading->turned);
        loading_end(loading);
    }
}

void load_concepts_half_close(struct rpc_call *call)
{
    struct loading *loading = rpc_call_state(call);
    if (!loading)
        return;
    if (!loading->has_options) {
        rpc_call_finish(call, status_invalid("options", "are asked for"));
        loading_end(loading);
        return;
    }
    rpc_call_set_state(call, NULL); /* from here on it ends by itself */
    if (loading->has_narrower && !loading->vocabulary.labels_only)
        worker_submit(services_of(call)->workers, rpc_call_loop(call), turn_links, links_turned, loading);
    else
        load(loading);
}

void load_concepts_cancelled(struct rpc_call *call)
{
    struct loading *loading = rpc_call_state(call);
    if (loading)
        loading_end(loading);
}
