#include "store/limits.h"

static void set_default(unsigned *setting, unsigned otherwise)
{
    if (!*setting)
        *setting = otherwise;
}

struct store_settings limits_of(const struct store_settings *settings)
{
    struct store_settings limits = *settings;
    set_default(&limits.connection_count, 2);
    set_default(&limits.connect_timeout_ms, 3000);
    set_default(&limits.statement_timeout_ms, 5000);
    set_default(&limits.lock_timeout_ms, 1000);
    set_default(&limits.idle_timeout_ms, 10000);
    set_default(&limits.look_ms, 2000);
    set_default(&limits.queue_most, 1000);
    return limits;
}
