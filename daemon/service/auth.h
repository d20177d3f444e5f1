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
};

/* With `open`, callers from loopback without a token are admins. */
enum caller auth_caller(const struct rpc_call *call);
/* Contacts are shown to institution, agency and admin. */
bool auth_sees_contacts(enum caller caller);

/* OK; UNAUTHENTICATED without a token where one is needed, or with one that is not known; PERMISSION_DENIED. */
struct status auth_authorise(struct rpc_call *call, const struct rpc_method *method);
