#pragma once

#include "rpc/method.h"

extern const struct rpc_method match_service_methods[];
