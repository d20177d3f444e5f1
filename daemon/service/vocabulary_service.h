#pragma once

#include "rpc/method.h"

extern const struct rpc_method vocabulary_service_methods[];
