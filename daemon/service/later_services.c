#include "service/later_services.h"

#include "partner/v1/agreement.pb-c.h"
#include "partner/v1/evidence.pb-c.h"
#include "service/method_row.h"

const struct rpc_method agreement_service_methods[] = {
    METHOD_ROW("AgreementService", "Propose", propose, RPC_UNARY, ACCESS_PARTY, USUAL_BYTES),
    METHOD_ROW("AgreementService", "Respond", respond, RPC_UNARY, ACCESS_PARTY, USUAL_BYTES),
    METHOD_ROW("AgreementService", "GetAgreement", get_agreement, RPC_UNARY, ACCESS_PARTY, USUAL_BYTES),
    METHOD_ROW("AgreementService", "ListAgreements", list_agreements, RPC_UNARY, ACCESS_PARTY, USUAL_BYTES),
    METHOD_ROW("AgreementService", "RecordResults", record_results, RPC_UNARY, ACCESS_PARTY, USUAL_BYTES),
    METHOD_ROW("AgreementService", "WatchAgreements", watch_agreements, RPC_SERVER_STREAM, ACCESS_PARTY,
               USUAL_BYTES),
    {.path = NULL},
};
METHODS_COMPLETE(agreement_service_methods, AgreementService);

const struct rpc_method evidence_service_methods[] = {
    METHOD_ROW("EvidenceService", "SubmitReport", submit_report, RPC_UNARY, ACCESS_PARTY, USUAL_BYTES),
    METHOD_ROW("EvidenceService", "GetEvidence", get_evidence, RPC_UNARY, ACCESS_READ, USUAL_BYTES),
    {.path = NULL},
};
METHODS_COMPLETE(evidence_service_methods, EvidenceService);
