#pragma once

#include "rpc/method.h"

extern const struct rpc_method registry_service_methods[];
