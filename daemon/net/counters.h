#pragma once

struct metric;

enum net_refusal { REFUSED_FULL, REFUSED_ADDRESS, REFUSED_DESCRIPTORS, REFUSAL_COUNT };

/* Why a connection came to its end. */
enum net_end {
    END_PEER,     /* closed or lost by the peer */
    END_IDLE,     /* nothing asked for long */
    END_TIMEOUT,  /* no request, or no answer to a PING, in time */
    END_STALLED,  /* takes nothing of its answers */
    END_PROTOCOL, /* does not keep to HTTP */
    END_FLOOD,    /* too many frames that cost work and ask nothing */
    END_DRAINED,  /* we are about to stop */
    END_DONE,     /* HTTP/1.1: "Connection: close" */
    END_TLS,      /* the handshake failed */
    END_COUNT
};

/* Metrics of all servers of the process. */
struct net_counters {
    struct metric *open, *accepted, *refused[REFUSAL_COUNT], *ended[END_COUNT];
    struct metric *received_bytes, *sent_bytes;
    struct metric *handshakes; /* of TLS, that were done */
    struct metric *streams, *resets_by_peer, *resets_by_us;
};

void net_counters_init(struct net_counters *counters);
const char *net_end_name(enum net_end end);
