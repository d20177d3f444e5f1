#pragma once

#include "rpc/method.h"

/* Services of the contract that have no handler yet: each method answers UNIMPLEMENTED. */

extern const struct rpc_method agreement_service_methods[];
extern const struct rpc_method evidence_service_methods[];
