#pragma once

#include "base/status.h"

struct rpc_call;
struct rpc_method;

/* Who calls. Numbers as in partner.v1.Access; NOBODY has no token and is not trusted otherwise. */
enum caller {
    CALLER_NOBODY = 0,
    CALLER_READER = 1,
    CALLER_INSTITUTION = 2,
    CALLER_AGENCY = 3,
    CALLER_ADMIN = 4
};

/* Who may call a method: rpc_method.access. */
enum access {
    ACCESS_READ,  /* any token, or nobody where public reading is allowed */
    ACCESS_APPLY, /* institution, agency, admin */
    ACCESS_PUSH,  /* agency, admin */
    ACCESS_PARTY, /* institution as a party, admin */
    ACCESS_ADMIN,
    ACCESS_COUNT
};

/* The authoriser of all calls. With `open`, callers from loopback without a token are admins until a first token exists.
 * OK; UNAUTHENTICATED without a token where one is needed, or with one that isn't in force, or that came readable for
 * others; PERMISSION_DENIED. UNAVAILABLE: it depends on the tokens, and they have not been read yet. */
struct status auth_authorise(struct rpc_call *call, const struct rpc_method *method);
/* For rpc_server_settings.ended. */
void auth_ended(struct rpc_call *call);
/* Whether an open call would still be let in by the token it came with. The services need not ask: such calls are ended. */
struct status auth_recheck(const struct rpc_call *call);

/* ---- for handlers: of a call that was authorised ---- */

enum caller auth_caller(const struct rpc_call *call);
/* Contacts are shown to institution, agency and admin. */
bool auth_sees_contacts(enum caller caller);
/* The organisation that an institution's token acts for; NULL for all others. */
const char *auth_institution(const struct rpc_call *call);
/* The token's id, or "". */
const char *auth_token_id(const struct rpc_call *call);
/* Whether the caller writes that registry, a well-formed id, be it there or not: an agency its own, an institution its
 * organisation's, an admin any. Else PERMISSION_DENIED. */
struct status auth_check_registry(const struct rpc_call *call, const char *registry);
