#pragma once

#include "rpc/method.h"

extern const struct rpc_method admin_service_methods[];
