#include "net/counters.h"

#include <stdio.h>

#include "base/metric.h"

static const char *const refusal_names[REFUSAL_COUNT] = {"full", "address", "descriptors"};
static const char *const end_names[END_COUNT] = {"peer",  "idle",    "timeout", "stalled", "protocol",
                                                 "flood", "drained", "done",    "tls"};

static struct metric *counter(const char *name, const char *label, const char *value, const char *help)
{
    char labels[64] = "";
    if (label)
        snprintf(labels, sizeof labels, "%s=\"%s\"", label, value);
    return metric_new(METRIC_COUNTER, name, labels, help);
}

void net_counters_init(struct net_counters *counters)
{
    counters->open = metric_new(METRIC_GAUGE, "partnerd_connections", "", "Connections that are open.");
    counters->accepted = counter("partnerd_connections_accepted_total", NULL, NULL, "Connections accepted.");
    for (unsigned i = 0; i < REFUSAL_COUNT; i++)
        counters->refused[i] = counter("partnerd_connections_refused_total", "reason", refusal_names[i],
                                       "Connections refused at once, by the limit that was met.");
    for (unsigned i = 0; i < END_COUNT; i++)
        counters->ended[i] = counter("partnerd_connections_ended_total", "reason", end_names[i],
                                     "Connections ended, by reason.");
    counters->received_bytes =
        counter("partnerd_received_bytes_total", NULL, NULL, "Bytes read from clients.");
    counters->sent_bytes = counter("partnerd_sent_bytes_total", NULL, NULL, "Bytes queued for clients.");
    counters->handshakes = counter("partnerd_tls_handshakes_total", NULL, NULL, "TLS handshakes done.");
    counters->streams = counter("partnerd_streams_total", NULL, NULL, "HTTP/2 streams begun.");
    counters->resets_by_peer =
        counter("partnerd_stream_resets_total", "by", "peer", "HTTP/2 streams reset, by whom.");
    counters->resets_by_us =
        counter("partnerd_stream_resets_total", "by", "server", "HTTP/2 streams reset, by whom.");
}

const char *net_end_name(enum net_end end)
{
    return end_names[end];
}
