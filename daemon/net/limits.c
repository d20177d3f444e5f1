#include "net/limits.h"

enum { KIB = 1024, MIB = 1024 * 1024, SECOND = 1000, MINUTE = 60 * SECOND };

struct net_limits net_limits_default(void)
{
    return (struct net_limits){
        .connections = 10000,
        .connections_per_address = 100,
        .first_bytes_ms = 10 * SECOND,
        .idle_ms = 5 * MINUTE,
        .ping_ms = MINUTE,
        .ping_answer_ms = 20 * SECOND,
        .stalled_ms = 30 * SECOND,
        .linger_ms = 2 * SECOND,
        .linger_bytes = 4 * MIB,
        .drain_ms = 20 * SECOND,
        .sweep_ms = SECOND,
        .header_bytes = 16 * KIB,
        .header_fields = 64,
        .http1_body_bytes = 64 * KIB,
        .output_high_bytes = 128 * KIB,
        .output_low_bytes = 64 * KIB,
        .streams = 128,
        .stream_window_bytes = 256 * KIB,
        .connection_window_bytes = MIB,
        .progress_after_ms = 10 * SECOND,
        .progress_bytes_per_s = KIB,
        .peer_resets = 100,
        .peer_resets_per_s = 20,
        .own_resets = 50,
        .pings = 10,
        .pings_per_s = 0.2,
        .settings = 10,
        .settings_per_s = 0.2,
        .tls_records = 10,
        .tls_records_per_s = 0.2,
        .empty_frames = 20,
    };
}
