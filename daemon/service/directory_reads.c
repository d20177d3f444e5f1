#include "service/directory_reads.h"

#include <string.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/packer.h"
#include "match/index.h"
#include "model/timestamp.h"
#include "partner/v1/registry.pb-c.h"
#include "replica/directory.h"
#include "replica/snapshot.h"
#include "service/page.h"
#include "service/upstream_board.h"
#include "vocab/place.h"
#include "vocab/sector.h"

typedef Partner__V1__GetOrganisationRequest get_request;
typedef Partner__V1__GetOrganisationResponse get_response;
typedef Partner__V1__ListOrganisationsRequest list_request;
typedef Partner__V1__ListOrganisationsResponse list_response;
typedef Partner__V1__Registry pb_registry;

/* ---- one organisation ---- */

/* As this caller may see it, with the output fields. */
static pb_organisation *organisation_shown(const struct read *read, const struct stored_record *entry)
{
    pb_organisation *organisation = (pb_organisation *)snapshot_unpack(read->arena, entry).organisation;
    if (!auth_sees_contacts(read->caller))
        organisation->contact = NULL;
    const char *const *ids;
    organisation->n_same_as = match_index_same_as(read->snapshot->index, organisation->id, &ids);
    organisation->same_as = (char **)ids;
    return organisation;
}

/* What belongs to an organisation, of one kind, as long as it fits. */
struct owned {
    void **messages;
    size_t count, capacity;
};

static void owned_add(struct arena *arena, struct owned *owned, const struct stored_record *entry)
{
    if (owned->count == owned->capacity) {
        owned->capacity = owned->capacity ? owned->capacity * 2 : 16;
        owned->messages = arena_grow(arena, owned->messages, owned->count * sizeof *owned->messages,
                                     owned->capacity * sizeof *owned->messages);
    }
    owned->messages[owned->count++] = (void *)snapshot_unpack(arena, entry).message;
}

static struct owned owned_shown(const struct read *read, const char *id, enum record_kind kind,
                                size_t *room_bytes, bool *truncated)
{
    struct owned owned = {0};
    struct record_cursor cursor = record_cursor_at(&read->snapshot->records, id, kind);
    for (struct record_row row; !*truncated && (row = record_cursor_next(&cursor)).owner;) {
        if (strcmp(row.owner, id) != 0 || row.entry->kind != kind)
            break;
        /* Revision and time take at most 30 bytes more than what is packed, the field's own head 6. */
        size_t bytes = row.entry->packed_bytes + 36;
        *truncated = bytes > *room_bytes;
        if (*truncated)
            break;
        *room_bytes -= bytes;
        owned_add(read->arena, &owned, row.entry);
    }
    return owned;
}

static struct status get_prepare(struct read *read)
{
    const get_request *request = (const get_request *)read->request;
    if (!id_is_valid(request->id))
        return status_invalid("id", "is not of the form registry/key");
    return STATUS_NONE;
}

static struct status get_answer(const struct read *read, struct packer *packer)
{
    const get_request *request = (const get_request *)read->request;
    const struct stored_record *entry = record_set_find(&read->snapshot->records, request->id);
    if (!entry || entry->kind != RECORD_ORGANISATION)
        return status_format(read->arena, STATUS_NOT_FOUND, "id", "there is no organisation %s", request->id);
    get_response *response = arena_alloc(read->arena, sizeof *response);
    partner__v1__get_organisation_response__init(response);
    response->organisation = organisation_shown(read, entry);
    response->revision = read->snapshot->revision;
    size_t room_bytes = PAGE_BYTES;
    bool truncated = false;
    struct owned offers = owned_shown(read, request->id, RECORD_OFFER, &room_bytes, &truncated);
    struct owned needs = owned_shown(read, request->id, RECORD_NEED, &room_bytes, &truncated);
    struct owned partnerships = owned_shown(read, request->id, RECORD_PARTNERSHIP, &room_bytes, &truncated);
    response->offers = (pb_offer **)offers.messages;
    response->n_offers = offers.count;
    response->needs = (pb_need **)needs.messages;
    response->n_needs = needs.count;
    response->partnerships = (pb_partnership **)partnerships.messages;
    response->n_partnerships = partnerships.count;
    response->truncated = truncated;
    packer_put_message(packer, &response->base);
    return STATUS_NONE;
}

const struct read_method get_organisation_read = {get_prepare, get_answer};

/* ---- a list of them ---- */

enum { USUAL_PAGE = 50, LARGEST_PAGE = 1000, QUERY_BYTES = 500, FILTER_ITEMS = 300, ORGANISATIONS_A_US = 20 };

static void check_countries(struct faults *faults, list_request *request)
{
    for (size_t i = 0; i < request->n_countries; i++) {
        request->countries[i] = (char *)country_normalise(request->countries[i]);
        if (!country_is_known(request->countries[i]))
            faults_add(faults, "", "countries", "countries[%zu] is not a country of ISO 3166-1", i);
    }
}

static struct status list_prepare(struct read *read)
{
    list_request *request = (list_request *)read->request;
    struct faults faults = {.arena = read->arena};
    if (strlen(request->query) > QUERY_BYTES)
        faults_add(&faults, "", "query", "has over %d bytes", QUERY_BYTES);
    if (request->n_countries > FILTER_ITEMS || request->n_sectors > FILTER_ITEMS ||
        request->n_roles > FILTER_ITEMS)
        faults_add(&faults, "", "countries", "roles, countries and sectors take at most %d items each",
                   FILTER_ITEMS);
    check_countries(&faults, request);
    for (size_t i = 0; i < request->n_sectors; i++)
        if (!sector_is_known(request->sectors[i]))
            faults_add(&faults, "", "sectors", "sectors[%zu] is not a code of ISCED-F 2013", i);
    for (size_t i = 0; i < request->n_roles; i++)
        if (request->roles[i] == PARTNER__V1__ROLE__ROLE_UNSPECIFIED)
            faults_add(&faults, "", "roles", "roles[%zu] is not stated", i);
    if (*request->registry && !registry_id_is_valid(request->registry))
        faults_add(&faults, "", "registry", "is not a registry's id");
    read->cost_us = (int64_t)match_index_organisation_count(read->snapshot->index) / ORGANISATIONS_A_US;
    return faults_status(&faults);
}

static struct status page_from(const struct read *read, uint64_t request_hash, struct directory_hit *place,
                               const struct directory_hit **ret_after)
{
    const list_request *request = (const list_request *)read->request;
    *ret_after = NULL;
    if (!*request->page_token)
        return STATUS_NONE;
    double score;
    struct status status =
        page_token_read(read->arena, request->page_token, request_hash, &score, &place->id);
    if (!status_ok(status))
        return status;
    place->score = (uint32_t)score;
    *ret_after = place;
    return STATUS_NONE;
}

/* Puts the hits into the answer as long as they fit; says where the next page begins. */
static void list_fill(const struct read *read, const struct directory_hit *hits, size_t count,
                      size_t page_size, uint64_t request_hash, list_response *response)
{
    response->organisations = arena_array(read->arena, count, sizeof(pb_organisation *));
    size_t bytes = 0;
    for (size_t i = 0; i < count && i < page_size; i++) {
        const struct stored_record *entry = record_set_find(&read->snapshot->records, hits[i].id);
        pb_organisation *organisation = organisation_shown(read, entry);
        bytes += partner__v1__organisation__get_packed_size(organisation);
        if (bytes > PAGE_BYTES && i > 0)
            break;
        response->organisations[response->n_organisations++] = organisation;
    }
    if (response->n_organisations < count) {
        const struct directory_hit *last = &hits[response->n_organisations - 1];
        response->next_page_token = page_token_make(read->arena, request_hash, last->score, last->id);
    }
}

static struct status list_answer(const struct read *read, struct packer *packer)
{
    const list_request *request = (const list_request *)read->request;
    uint64_t request_hash = page_request_hash(read->arena, &request->base);
    struct directory_hit place;
    const struct directory_hit *after;
    struct status status = page_from(read, request_hash, &place, &after);
    if (!status_ok(status))
        return status;
    const struct directory_query query = {
        .words = request->query,
        .roles = request->roles,
        .role_count = request->n_roles,
        .countries = (const char *const *)request->countries,
        .country_count = request->n_countries,
        .sectors = (const char *const *)request->sectors,
        .sector_count = request->n_sectors,
        .registry = request->registry,
    };
    size_t page_size = page_size_of(request->page_size, USUAL_PAGE, LARGEST_PAGE);
    struct directory_hit *hits = arena_array(read->arena, page_size + 1, sizeof *hits);
    size_t count = directory_find(read->snapshot->directory, read->arena, &query, after, hits, page_size + 1);
    list_response *response = arena_alloc(read->arena, sizeof *response);
    partner__v1__list_organisations_response__init(response);
    list_fill(read, hits, count, page_size, request_hash, response);
    response->revision = read->snapshot->revision;
    packer_put_message(packer, &response->base);
    return STATUS_NONE;
}

const struct read_method list_organisations_read = {list_prepare, list_answer};

/* ---- registries ---- */

static pb_registry *registry_message(const struct read *read, const struct registry_state *state)
{
    pb_registry *registry = arena_alloc(read->arena, sizeof *registry);
    partner__v1__registry__init(registry);
    registry->id = state->id;
    registry->title = state->title;
    registry->organisations = state->counts[RECORD_ORGANISATION];
    registry->offers = state->counts[RECORD_OFFER];
    registry->needs = state->counts[RECORD_NEED];
    registry->partnerships = state->counts[RECORD_PARTNERSHIP];
    if (state->last_change_us)
        registry->last_change_time = timestamp_make(read->arena, state->last_change_us);
    return registry;
}

/* Copies, since the news may go before the answer. */
static void add_upstream(const struct read *read, const struct upstream_news *news, pb_registry *registry)
{
    const struct followed_state *state = upstream_news_registry(news, registry->id);
    if (!state)
        return;
    const struct upstream_state *upstream = upstream_news_upstream(news, state->upstream);
    registry->upstream = arena_strdup(read->arena, state->upstream);
    registry->upstream_revision = state->revision;
    registry->upstream_newest_revision =
        upstream && upstream->newest > state->revision ? upstream->newest : state->revision;
    if (upstream && upstream->contact_us)
        registry->last_contact_time = timestamp_make(read->arena, upstream->contact_us);
    registry->upstream_error =
        arena_strdup(read->arena, upstream_error_of(upstream, state, clock_realtime_us()));
}

static struct status registries_answer(const struct read *read, struct packer *packer)
{
    const struct snapshot *snapshot = read->snapshot;
    const struct upstream_news *news = upstream_board_acquire(read->upstreams);
    Partner__V1__ListRegistriesResponse *response = arena_alloc(read->arena, sizeof *response);
    partner__v1__list_registries_response__init(response);
    response->registries = arena_array(read->arena, snapshot->registry_count, sizeof(pb_registry *));
    for (size_t i = 0; i < snapshot->registry_count; i++) {
        pb_registry *registry = registry_message(read, &snapshot->registries[i]);
        add_upstream(read, news, registry);
        response->registries[response->n_registries++] = registry;
    }
    upstream_news_release(news);
    response->revision = snapshot->revision;
    packer_put_message(packer, &response->base);
    return STATUS_NONE;
}

const struct read_method list_registries_read = {.answer = registries_answer};
