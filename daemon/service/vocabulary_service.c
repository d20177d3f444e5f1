#include "service/vocabulary_service.h"

#include <string.h>

#include "base/arena.h"
#include "base/packer.h"
#include "base/text.h"
#include "match/index.h"
#include "partner/v1/vocabulary.pb-c.h"
#include "replica/snapshot.h"
#include "service/load_concepts.h"
#include "service/method_row.h"
#include "service/page.h"
#include "service/request.h"
#include "vocab/lookup.h"
#include "vocab/place.h"
#include "vocab/vocabulary.h"

typedef Partner__V1__Concept pb_concept;
typedef Partner__V1__SearchConceptsRequest search_request;
typedef Partner__V1__GetConceptRequest get_request;

enum { USUAL_PAGE = 10, LARGEST_PAGE = 100, QUERY_BYTES = 500, CONCEPTS_SEARCHED_A_US = 5 };

/* Borrowed strings as protobuf-c wants them: it never writes to them. */
static void set_list(struct text_list list, size_t *ret_count, char ***ret_items)
{
    *ret_count = list.count;
    *ret_items = (char **)list.items;
}

static pb_concept *concept_message(const struct read *read, uint32_t concept, const char *language)
{
    const struct vocabulary *vocabulary = read->snapshot->vocabulary;
    struct concept_view view;
    vocabulary_concept(vocabulary, concept, &view);
    const struct concept_words *words = vocabulary_words(vocabulary, concept, language);
    pb_concept *message = arena_alloc(read->arena, sizeof *message);
    partner__v1__concept__init(message);
    message->scheme = (Partner__V1__Scheme)view.scheme;
    message->code = (char *)view.code;
    message->label = (char *)words->label;
    message->description = (char *)words->description;
    message->reuse = (char *)view.reuse_name;
    message->vocabulary = (char *)view.vocabulary;
    set_list(words->other_labels, &message->n_other_labels, &message->other_labels);
    set_list(view.broader, &message->n_broader, &message->broader);
    set_list(view.narrower, &message->n_narrower, &message->narrower);
    set_list(view.related, &message->n_related, &message->related);
    set_list(view.sectors, &message->n_sectors, &message->sectors);
    if (view.scheme == SCHEME_OUTCOME)
        message->used_by = match_index_used_by(read->snapshot->index, view.code);
    return message;
}

static void check_scheme(struct faults *faults, Partner__V1__Scheme scheme)
{
    if (scheme == PARTNER__V1__SCHEME__SCHEME_UNSPECIFIED)
        faults_add(faults, "", "scheme", "is asked for: SCHEME_SECTOR, SCHEME_OUTCOME, ...");
}

static struct status search_prepare(struct read *read)
{
    const search_request *request = (const search_request *)read->request;
    struct faults faults = {.arena = read->arena};
    check_scheme(&faults, request->scheme);
    request_language_check(&faults, "", request->language);
    size_t bytes = strlen(request->query);
    if (bytes > QUERY_BYTES)
        faults_add(&faults, "", "query", "has %zu bytes; at most %d are taken", bytes, QUERY_BYTES);
    else if (*text_fold(read->arena, request->query) == '\0')
        faults_add(&faults, "", "query", "has no letter or digit to look for");
    size_t searched = vocabulary_scheme_count(read->snapshot->vocabulary, (enum scheme)request->scheme);
    read->cost_us = (int64_t)searched / CONCEPTS_SEARCHED_A_US;
    return faults_status(&faults);
}

static struct status search_answer(const struct read *read, struct packer *packer)
{
    const search_request *request = (const search_request *)read->request;
    size_t most = page_size_of(request->page_size, USUAL_PAGE, LARGEST_PAGE);
    struct lookup_hit *hits = arena_array(read->arena, most, sizeof *hits);
    size_t count = lookup_search(read->snapshot->vocabulary, read->arena, (enum scheme)request->scheme,
                                 request->query, request->language, hits, most);
    Partner__V1__SearchConceptsResponse *response = arena_alloc(read->arena, sizeof *response);
    partner__v1__search_concepts_response__init(response);
    response->concepts = arena_array(read->arena, count, sizeof *response->concepts);
    size_t bytes = 0;
    for (size_t i = 0; i < count; i++) {
        pb_concept *concept = concept_message(read, hits[i].concept, request->language);
        concept->score = hits[i].score;
        bytes += partner__v1__concept__get_packed_size(concept);
        if (bytes > PAGE_BYTES)
            break;
        response->concepts[response->n_concepts++] = concept;
    }
    packer_put_message(packer, &response->base);
    return STATUS_NONE;
}

static struct status get_prepare(struct read *read)
{
    const get_request *request = (const get_request *)read->request;
    struct faults faults = {.arena = read->arena};
    check_scheme(&faults, request->scheme);
    request_language_check(&faults, "", request->language);
    if (!*request->code)
        faults_add(&faults, "", "code", "is asked for");
    return faults_status(&faults);
}

/* As the scheme writes it: what is read is normalised. */
static const char *code_of(struct arena *arena, const get_request *request)
{
    switch (request->scheme) {
    case PARTNER__V1__SCHEME__SCHEME_COUNTRY:
        return country_normalise(request->code);
    case PARTNER__V1__SCHEME__SCHEME_REGION:
        return region_normalise_wanted(arena, request->code);
    default:
        return request->code;
    }
}

static struct status get_answer(const struct read *read, struct packer *packer)
{
    const get_request *request = (const get_request *)read->request;
    uint32_t concept = vocabulary_find(read->snapshot->vocabulary, (enum scheme)request->scheme,
                                       code_of(read->arena, request));
    if (concept == CONCEPT_NONE)
        return status_format(read->arena, STATUS_NOT_FOUND, "code", "the scheme has no concept %s",
                             request->code);
    Partner__V1__GetConceptResponse *response = arena_alloc(read->arena, sizeof *response);
    partner__v1__get_concept_response__init(response);
    response->concept = concept_message(read, concept, request->language);
    packer_put_message(packer, &response->base);
    return STATUS_NONE;
}

static void search_start(struct rpc_call *call, const ProtobufCMessage *request)
{
    static const struct read_method method = {search_prepare, search_answer};
    read_start(call, request, ((const search_request *)request)->min_revision, &method);
}

static void get_start(struct rpc_call *call, const ProtobufCMessage *request)
{
    static const struct read_method method = {get_prepare, get_answer};
    read_start(call, request, ((const get_request *)request)->min_revision, &method);
}

const struct rpc_method vocabulary_service_methods[] = {
    READ_ROW("VocabularyService", "SearchConcepts", search_concepts, USUAL_BYTES, search_start),
    READ_ROW("VocabularyService", "GetConcept", get_concept, USUAL_BYTES, get_start),
    METHOD_ROW("VocabularyService", "LoadConcepts", load_concepts, RPC_CLIENT_STREAM, ACCESS_ADMIN,
               STREAMED_BYTES, .start = load_concepts_start, .message = load_concepts_message,
               .half_close = load_concepts_half_close, .cancelled = load_concepts_cancelled),
    {.path = NULL},
};
METHODS_COMPLETE(vocabulary_service_methods, VocabularyService);
