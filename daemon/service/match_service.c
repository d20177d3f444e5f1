#include "service/match_service.h"

#include "base/arena.h"
#include "base/packer.h"
#include "match/index.h"
#include "match/query.h"
#include "match/senders.h"
#include "model/normalise.h"
#include "model/validate.h"
#include "partner/v1/match.pb-c.h"
#include "replica/snapshot.h"
#include "service/method_row.h"
#include "service/page.h"

typedef Partner__V1__FindHostsRequest find_request;
typedef Partner__V1__FindSendersRequest senders_request;
typedef Partner__V1__ExplainMatchRequest explain_request;

enum { USUAL_PAGE = 20, LARGEST_PAGE = 1000, OFFERS_EXPLAINED_A_US = 50 };

/* The need in question, inline or stored; an inline one is normalised and checked. */
static struct status need_of(const struct read *read, const pb_need *inline_need, const char *need_id,
                             struct faults *faults, const pb_need **ret_need)
{
    if (inline_need) {
        pb_need *need = (pb_need *)inline_need; /* in the call's arena: ours to normalise */
        need_normalise(read->arena, need);
        need_validate(faults, read->snapshot->vocabulary, "need.", need);
        *ret_need = need;
        return STATUS_NONE;
    }
    struct record record;
    if (!id_is_valid(need_id)) {
        faults_add(faults, "", "need_id", "is not of the form registry/key");
        return STATUS_NONE;
    }
    if (!snapshot_record(read->snapshot, read->arena, RECORD_NEED, need_id, &record))
        return status_format(read->arena, STATUS_NOT_FOUND, "need_id", "there is no need %s", need_id);
    *ret_need = record.need;
    return STATUS_NONE;
}

/* What both questions share, checked; all faults at once. */
static struct status question_of(const struct read *read, const pb_need *inline_need, const char *need_id,
                                 const char *sender_id, const Partner__V1__Weights *weights,
                                 struct match_question *question)
{
    struct faults faults = {.arena = read->arena};
    struct status status = need_of(read, inline_need, need_id, &faults, &question->need);
    if (*sender_id && !id_is_valid(sender_id))
        faults_add(&faults, "", "sender_id", "is not of the form registry/key");
    if (weights)
        match_weights_check(weights, &faults);
    if (faults.count)
        return faults_status(&faults);
    if (!status_ok(status))
        return status;
    question->sender_id = *sender_id ? sender_id : question->need->organisation_id;
    question->weights = weights;
    question->today = read->today;
    return STATUS_NONE;
}

static struct status find_prepare(struct read *read)
{
    const find_request *request = (const find_request *)read->request;
    struct match_question *question = arena_alloc(read->arena, sizeof *question);
    *question = (struct match_question){
        .network = request->network,
        .view = request->view,
        .page_size = page_size_of(request->page_size, USUAL_PAGE, LARGEST_PAGE),
        .page_token = request->page_token,
        .facets = request->facets,
    };
    bool is_inline = request->what_case == PARTNER__V1__FIND_HOSTS_REQUEST__WHAT_NEED;
    if (!is_inline && request->what_case != PARTNER__V1__FIND_HOSTS_REQUEST__WHAT_NEED_ID)
        return status_invalid("need", "a need or a need_id is asked for");
    question->need_id = is_inline ? "" : request->need_id;
    struct status status =
        question_of(read, is_inline ? request->need : NULL, is_inline ? "" : request->need_id,
                    request->sender_id, request->weights, question);
    if (!status_ok(status))
        return status;
    read->question = question;
    read->cost_us = match_find_hosts_cost_us(read->snapshot->index, question);
    return STATUS_NONE;
}

static struct status find_answer(const struct read *read, struct packer *packer)
{
    return match_find_hosts_packed(read->snapshot->index, read->arena, read->question,
                                   read->snapshot->revision, packer);
}

/* The offer in question, inline or stored; an inline one is normalised and checked, and names its organisation. */
static struct status offer_of(const struct read *read, const senders_request *request, struct faults *faults,
                              struct senders_question *question)
{
    if (request->what_case == PARTNER__V1__FIND_SENDERS_REQUEST__WHAT_OFFER) {
        pb_offer *offer = request->offer; /* in the call's arena: ours to normalise */
        offer_normalise(read->arena, offer);
        if (!*offer->organisation_id)
            faults_add(faults, "offer.", "organisation_id", "is asked for: whose offer it is");
        offer_validate(faults, read->snapshot->vocabulary, "offer.", offer);
        question->offer = offer;
        question->offer_id = "";
        return STATUS_NONE;
    }
    struct record record;
    question->offer_id = request->offer_id;
    if (!id_is_valid(request->offer_id)) {
        faults_add(faults, "", "offer_id", "is not of the form registry/key");
        return STATUS_NONE;
    }
    if (!snapshot_record(read->snapshot, read->arena, RECORD_OFFER, request->offer_id, &record))
        return status_format(read->arena, STATUS_NOT_FOUND, "offer_id", "there is no offer %s",
                             request->offer_id);
    question->offer = record.offer;
    return STATUS_NONE;
}

static struct status senders_prepare(struct read *read)
{
    const senders_request *request = (const senders_request *)read->request;
    struct senders_question *question = arena_alloc(read->arena, sizeof *question);
    *question = (struct senders_question){
        .network = request->network,
        .weights = request->weights,
        .view = request->view,
        .page_size = page_size_of(request->page_size, USUAL_PAGE, LARGEST_PAGE),
        .page_token = request->page_token,
        .today = read->today,
    };
    if (request->what_case == PARTNER__V1__FIND_SENDERS_REQUEST__WHAT__NOT_SET)
        return status_invalid("offer", "an offer or an offer_id is asked for");
    struct faults faults = {.arena = read->arena};
    struct status status = offer_of(read, request, &faults, question);
    if (request->weights)
        match_weights_check(request->weights, &faults);
    if (faults.count)
        return faults_status(&faults);
    if (!status_ok(status))
        return status;
    read->question = question;
    read->cost_us = match_find_senders_cost_us(read->snapshot->index, question);
    return STATUS_NONE;
}

static struct status senders_answer(const struct read *read, struct packer *packer)
{
    Partner__V1__FindSendersResponse *response = arena_alloc(read->arena, sizeof *response);
    partner__v1__find_senders_response__init(response);
    struct status status = match_find_senders(read->snapshot->index, read->arena, read->question, response);
    response->revision = read->snapshot->revision;
    packer_put_message(packer, &response->base);
    return status;
}

/* A pair to be explained. */
struct pair {
    struct match_question question;
    const char *organisation_id, *offer_id; /* one of them is "" */
};

static struct status explain_prepare(struct read *read)
{
    const explain_request *request = (const explain_request *)read->request;
    struct pair *pair = arena_alloc(read->arena, sizeof *pair);
    *pair = (struct pair){
        .question = {.network = request->network, .page_size = 1, .page_token = ""},
        .organisation_id = "",
        .offer_id = "",
    };
    bool is_inline = request->what_case == PARTNER__V1__EXPLAIN_MATCH_REQUEST__WHAT_NEED;
    if (!is_inline && request->what_case != PARTNER__V1__EXPLAIN_MATCH_REQUEST__WHAT_NEED_ID)
        return status_invalid("need", "a need or a need_id is asked for");
    bool by_organisation = request->host_case == PARTNER__V1__EXPLAIN_MATCH_REQUEST__HOST_ORGANISATION_ID;
    if (!by_organisation && request->host_case != PARTNER__V1__EXPLAIN_MATCH_REQUEST__HOST_OFFER_ID)
        return status_invalid("organisation_id", "an organisation_id or an offer_id is asked for");
    const char *host_id = by_organisation ? request->organisation_id : request->offer_id;
    if (!id_is_valid(host_id))
        return status_invalid(by_organisation ? "organisation_id" : "offer_id",
                              "is not of the form registry/key");
    *(by_organisation ? &pair->organisation_id : &pair->offer_id) = host_id;
    read->question = pair;
    /* The rank is found by scoring all who are eligible. */
    read->cost_us = (int64_t)match_index_offer_count(read->snapshot->index) / OFFERS_EXPLAINED_A_US;
    return question_of(read, is_inline ? request->need : NULL, is_inline ? "" : request->need_id,
                       request->sender_id, request->weights, &pair->question);
}

static struct status explain_answer(const struct read *read, struct packer *packer)
{
    const struct pair *pair = read->question;
    Partner__V1__ExplainMatchResponse *response = arena_alloc(read->arena, sizeof *response);
    partner__v1__explain_match_response__init(response);
    struct status status = match_explain(read->snapshot->index, read->arena, &pair->question,
                                         pair->organisation_id, pair->offer_id, response);
    response->revision = read->snapshot->revision;
    packer_put_message(packer, &response->base);
    return status;
}

static void find_hosts_start(struct rpc_call *call, const ProtobufCMessage *request)
{
    static const struct read_method method = {find_prepare, find_answer};
    read_start(call, request, ((const find_request *)request)->min_revision, &method);
}

static void find_senders_start(struct rpc_call *call, const ProtobufCMessage *request)
{
    static const struct read_method method = {senders_prepare, senders_answer};
    read_start(call, request, ((const senders_request *)request)->min_revision, &method);
}

static void explain_match_start(struct rpc_call *call, const ProtobufCMessage *request)
{
    static const struct read_method method = {explain_prepare, explain_answer};
    read_start(call, request, ((const explain_request *)request)->min_revision, &method);
}

const struct rpc_method match_service_methods[] = {
    READ_ROW("MatchService", "FindHosts", find_hosts, QUESTION_BYTES, find_hosts_start),
    READ_ROW("MatchService", "FindSenders", find_senders, QUESTION_BYTES, find_senders_start),
    READ_ROW("MatchService", "ExplainMatch", explain_match, QUESTION_BYTES, explain_match_start),
    METHOD_ROW("MatchService", "PlanCohort", plan_cohort, RPC_UNARY, ACCESS_READ, QUESTION_BYTES),
    {.path = NULL},
};
METHODS_COMPLETE(match_service_methods, MatchService);
