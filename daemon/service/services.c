#include "service/services.h"

#include "loop/loop.h"
#include "rpc/call.h"
#include "rpc/method.h"
#include "service/admin_service.h"
#include "service/later_services.h"
#include "service/match_service.h"
#include "service/registry_service.h"
#include "service/vocabulary_service.h"

const struct rpc_method *const services_methods[] = {
    registry_service_methods,
    match_service_methods,
    vocabulary_service_methods,
    admin_service_methods,
    agreement_service_methods,
    evidence_service_methods,
    NULL,
};

struct services *services_of(const struct rpc_call *call)
{
    return rpc_call_services(call);
}

struct service_loop *services_loop(const struct rpc_call *call)
{
    return &services_of(call)->loops[loop_number(rpc_call_loop(call))];
}
