#include "service/auth.h"

#include "rpc/call.h"
#include "rpc/method.h"
#include "service/services.h"

enum caller auth_caller(const struct rpc_call *call)
{
    const struct services *services = services_of(call);
    return services->open && rpc_call_peer_is_loopback(call) ? CALLER_ADMIN : CALLER_NOBODY;
}

bool auth_sees_contacts(enum caller caller)
{
    return caller >= CALLER_INSTITUTION;
}

static bool nobody_may_read(const struct rpc_call *call)
{
    switch (services_of(call)->public_read) {
    case PUBLIC_READ_ALL:
        return true;
    case PUBLIC_READ_LOOPBACK:
        return rpc_call_peer_is_loopback(call);
    default:
        return false;
    }
}

struct status auth_authorise(struct rpc_call *call, const struct rpc_method *method)
{
    if (rpc_call_metadata(call, "authorization"))
        return status_make(STATUS_UNAUTHENTICATED, "the token is not known here");
    if (auth_caller(call) == CALLER_ADMIN)
        return STATUS_NONE;
    if (method->access == ACCESS_READ && nobody_may_read(call))
        return STATUS_NONE;
    return status_make(STATUS_UNAUTHENTICATED, "this call needs a token");
}
