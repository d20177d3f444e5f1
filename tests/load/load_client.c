/* Puts gRPC calls to a server and says how long their answers take.
 *
 *   load_client PORT PATH REQUESTS --rate R | --streams M [--connections C] [--seconds S] [--warm S] [--pid PID]
 *
 * REQUESTS holds messages as they lie in a gRPC body, one after the other; they are sent in turn, round and round. With --rate
 * calls begin at fixed times, however late the answers are, and each is timed from when it was meant to begin: a server that
 * stalls is seen by all that would have come meanwhile. With --streams each connection has so many calls under way, the next
 * begins when one ends: that gives the highest rate, and no honest times. --pid names the server's process, whose CPU and memory
 * are read. --plain is for a server that speaks no gRPC: any answer with status 200 is fine. Prints one line of JSON; ends with 1 where a
 * call didn't end in OK. Its p99_second_ms is the median of all seconds' 99th percentiles: what it is when nothing else on the
 * machine takes a processor for a while. */

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <glob.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <nghttp2/nghttp2.h>

#include "base/arena.h"
#include "base/clock.h"
#include "histogram.h"

enum { FRAME_BYTES = 5, WINDOW_BYTES = 1 << 30, READ_BYTES = 1 << 18, GRACE_SECONDS = 10 };
enum { SECOND_NS = 1000000000 };

struct request {
    const unsigned char *bytes;
    size_t size;
};

/* A call under way, or a free one. */
struct call {
    struct call *next_free;
    const struct request *request;
    size_t sent;
    int64_t due_ns;
    bool is_ok;
};

struct connection {
    struct bench *bench;
    nghttp2_session *session;
    int socket;
    const uint8_t *unsent;
    size_t unsent_bytes;
    bool is_blocked;
    unsigned under_way;
};

struct bench {
    const char *path, *authority;
    struct request *requests;
    size_t request_count, next_request;
    struct connection *connections;
    unsigned connection_count, next_connection, streams;
    bool is_plain;
    double rate, seconds, warm_seconds;
    int pid;
    int64_t start_ns, warm_ns, end_ns;
    uint64_t begun, ended, failed, under_way;
    int64_t warm_cpu_ns, end_cpu_ns;
    struct call *free_calls;
    struct histogram histogram;
    struct histogram *seconds_own; /* of the calls that were meant to begin in each second */
    size_t second_count;
};

static void stop(const char *reason)
{
    fprintf(stderr, "load_client: %s\n", reason);
    exit(EXIT_FAILURE);
}

/* ---- the server's process ---- */

/* Of all its threads; those that have ended are missing. */
static int64_t cpu_ns(int pid)
{
    char pattern[64];
    glob_t found;
    int64_t sum = 0;
    snprintf(pattern, sizeof pattern, "/proc/%d/task/*/schedstat", pid);
    if (!pid || glob(pattern, GLOB_NOSORT, NULL, &found))
        return 0;
    for (size_t i = 0; i < found.gl_pathc; i++) {
        long long ns = 0;
        FILE *file = fopen(found.gl_pathv[i], "r");
        if (file && fscanf(file, "%lld", &ns) == 1)
            sum += ns;
        if (file)
            fclose(file);
    }
    globfree(&found);
    return sum;
}

static long memory_kb(int pid)
{
    char path[64], line[256];
    long kb = 0;
    snprintf(path, sizeof path, "/proc/%d/status", pid);
    FILE *file = pid ? fopen(path, "r") : NULL;
    while (file && fgets(line, sizeof line, file))
        if (strncmp(line, "VmRSS:", 6) == 0)
            kb = strtol(line + 6, NULL, 10);
    if (file)
        fclose(file);
    return kb;
}

/* ---- calls ---- */

static ssize_t read_body(nghttp2_session *, int32_t, uint8_t *to, size_t room, uint32_t *flags,
                         nghttp2_data_source *source, void *)
{
    struct call *call = source->ptr;
    size_t left = call->request->size - call->sent, size = left < room ? left : room;
    memcpy(to, call->request->bytes + call->sent, size);
    call->sent += size;
    if (size == left)
        *flags |= NGHTTP2_DATA_FLAG_EOF;
    return (ssize_t)size;
}

static nghttp2_nv header(const char *name, const char *value)
{
    return (nghttp2_nv){(uint8_t *)(uintptr_t)name, (uint8_t *)(uintptr_t)value, strlen(name), strlen(value),
                        NGHTTP2_NV_FLAG_NO_COPY_NAME | NGHTTP2_NV_FLAG_NO_COPY_VALUE};
}

static void begin_call(struct connection *connection, int64_t due_ns)
{
    struct bench *bench = connection->bench;
    struct call *call = bench->free_calls;
    if (call)
        bench->free_calls = call->next_free;
    else
        call = heap_alloc(sizeof *call);
    *call = (struct call){.request = &bench->requests[bench->next_request], .due_ns = due_ns};
    bench->next_request = (bench->next_request + 1) % bench->request_count;
    const nghttp2_nv headers[] = {
        header(":method", "POST"),    header(":scheme", "http"),
        header(":path", bench->path), header(":authority", bench->authority),
        header("te", "trailers"),     header("content-type", "application/grpc"),
    };
    nghttp2_data_provider body = {.source.ptr = call, .read_callback = read_body};
    if (nghttp2_submit_request(connection->session, NULL, headers, sizeof headers / sizeof *headers, &body,
                               call) < 0)
        stop("a call can't be begun");
    bench->begun++;
    bench->under_way++;
    connection->under_way++;
}

static int on_header(nghttp2_session *session, const nghttp2_frame *frame, const uint8_t *name,
                     size_t name_bytes, const uint8_t *value, size_t value_bytes, uint8_t, void *context)
{
    bool is_plain = ((struct connection *)context)->bench->is_plain;
    struct call *call = nghttp2_session_get_stream_user_data(session, frame->hd.stream_id);
    if (call && is_plain && name_bytes == 7 && memcmp(name, ":status", 7) == 0)
        call->is_ok = value_bytes == 3 && memcmp(value, "200", 3) == 0;
    if (call && name_bytes == 11 && memcmp(name, "grpc-status", 11) == 0)
        call->is_ok = value_bytes == 1 && *value == '0';
    return 0;
}

static int on_stream_close(nghttp2_session *session, int32_t stream, uint32_t, void *context)
{
    struct connection *connection = context;
    struct bench *bench = connection->bench;
    struct call *call = nghttp2_session_get_stream_user_data(session, stream);
    int64_t now_ns = clock_monotonic_ns();
    bench->under_way--;
    connection->under_way--;
    if (!call->is_ok)
        bench->failed++;
    else if (call->due_ns >= bench->warm_ns && call->due_ns < bench->end_ns) {
        uint64_t took_ns = (uint64_t)(now_ns - call->due_ns);
        histogram_add(&bench->histogram, took_ns);
        histogram_add(&bench->seconds_own[(call->due_ns - bench->warm_ns) / SECOND_NS], took_ns);
        bench->ended += now_ns < bench->end_ns;
    }
    call->next_free = bench->free_calls;
    bench->free_calls = call;
    return 0;
}

/* ---- connections ---- */

static void connection_send(struct connection *connection)
{
    for (;;) {
        if (!connection->unsent_bytes) {
            ssize_t size = nghttp2_session_mem_send(connection->session, &connection->unsent);
            if (size <= 0)
                break;
            connection->unsent_bytes = (size_t)size;
        }
        ssize_t sent = send(connection->socket, connection->unsent, connection->unsent_bytes, MSG_NOSIGNAL);
        if (sent < 0 && errno != EAGAIN)
            stop("the server has gone");
        connection->is_blocked = sent < 0;
        if (sent < 0)
            return;
        connection->unsent += sent;
        connection->unsent_bytes -= (size_t)sent;
    }
}

static void connection_read(struct connection *connection)
{
    static uint8_t bytes[READ_BYTES];
    ssize_t size;
    while ((size = recv(connection->socket, bytes, sizeof bytes, 0)) > 0) {
        if (nghttp2_session_mem_recv(connection->session, bytes, (size_t)size) < 0)
            stop("what came is not HTTP/2");
        if (size < (ssize_t)sizeof bytes)
            break;
    }
    if (size == 0 || (size < 0 && errno != EAGAIN))
        stop("the server has closed a connection");
}

static void connection_open(struct connection *connection, struct bench *bench, uint16_t port, int poll)
{
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    nghttp2_session_callbacks *callbacks;
    const nghttp2_settings_entry settings[] = {{NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, WINDOW_BYTES}};
    int on = 1;
    *connection = (struct connection){.bench = bench, .socket = socket(AF_INET, SOCK_STREAM, 0)};
    if (connect(connection->socket, (struct sockaddr *)&address, sizeof address))
        stop("nobody listens there");
    setsockopt(connection->socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    fcntl(connection->socket, F_SETFL, O_NONBLOCK);
    nghttp2_session_callbacks_new(&callbacks);
    nghttp2_session_callbacks_set_on_header_callback(callbacks, on_header);
    nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, on_stream_close);
    nghttp2_session_client_new(&connection->session, callbacks, connection);
    nghttp2_session_callbacks_del(callbacks);
    nghttp2_submit_settings(connection->session, NGHTTP2_FLAG_NONE, settings, 1);
    nghttp2_session_set_local_window_size(connection->session, NGHTTP2_FLAG_NONE, 0, WINDOW_BYTES);
    struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLET, .data.ptr = connection};
    epoll_ctl(poll, EPOLL_CTL_ADD, connection->socket, &event);
}

/* ---- the run ---- */

static int64_t due_of(const struct bench *bench, uint64_t call)
{
    return bench->start_ns + (int64_t)((double)call * 1e9 / bench->rate);
}

/* Begins what is due; returns when the next one is. */
static int64_t begin_due(struct bench *bench, int64_t now_ns)
{
    int64_t due_ns = bench->end_ns;
    if (now_ns >= bench->end_ns)
        return now_ns + 1000000;
    if (bench->streams) {
        for (unsigned i = 0; i < bench->connection_count; i++)
            while (bench->connections[i].under_way < bench->streams)
                begin_call(&bench->connections[i], now_ns);
        return due_ns;
    }
    while ((due_ns = due_of(bench, bench->begun)) <= now_ns && due_ns < bench->end_ns) {
        begin_call(&bench->connections[bench->next_connection], due_ns);
        bench->next_connection = (bench->next_connection + 1) % bench->connection_count;
    }
    return due_ns;
}

static void wait_until(int poll, int64_t due_ns)
{
    struct epoll_event events[64];
    int64_t left_ns = due_ns - clock_monotonic_ns();
    struct timespec left = {.tv_sec = left_ns > 0 ? left_ns / 1000000000 : 0,
                            .tv_nsec = left_ns > 0 ? left_ns % 1000000000 : 0};
    int count = epoll_pwait2(poll, events, 64, &left, NULL);
    for (int i = 0; i < count; i++)
        connection_read(events[i].data.ptr);
}

static void run(struct bench *bench, int poll)
{
    bench->start_ns = clock_monotonic_ns() + 10000000;
    bench->warm_ns = bench->start_ns + (int64_t)(bench->warm_seconds * 1e9);
    bench->end_ns = bench->warm_ns + (int64_t)(bench->seconds * 1e9);
    bench->second_count = (size_t)((bench->end_ns - bench->warm_ns - 1) / SECOND_NS) + 1;
    bench->seconds_own = heap_zalloc(bench->second_count * sizeof *bench->seconds_own);
    for (int64_t now_ns; (now_ns = clock_monotonic_ns()) < bench->end_ns || bench->under_way;) {
        if (!bench->warm_cpu_ns && now_ns >= bench->warm_ns)
            bench->warm_cpu_ns = cpu_ns(bench->pid);
        if (!bench->end_cpu_ns && now_ns >= bench->end_ns)
            bench->end_cpu_ns = cpu_ns(bench->pid);
        if (now_ns > bench->end_ns + GRACE_SECONDS * 1000000000ll) {
            bench->failed += bench->under_way;
            break;
        }
        int64_t due_ns = begin_due(bench, now_ns);
        for (unsigned i = 0; i < bench->connection_count; i++)
            connection_send(&bench->connections[i]);
        wait_until(poll, due_ns);
    }
    if (!bench->end_cpu_ns)
        bench->end_cpu_ns = cpu_ns(bench->pid);
}

static double ms(const struct bench *bench, double share)
{
    return (double)histogram_ns(&bench->histogram, share) / 1e6;
}

static int compare_ns(const void *left, const void *right)
{
    const uint64_t *a = left, *b = right;
    return (*a > *b) - (*a < *b);
}

/* Of all seconds' 99th percentiles. */
static double median_p99_ms(const struct bench *bench)
{
    uint64_t *each = heap_alloc(bench->second_count * sizeof *each);
    for (size_t i = 0; i < bench->second_count; i++)
        each[i] = histogram_ns(&bench->seconds_own[i], 0.99);
    qsort(each, bench->second_count, sizeof *each, compare_ns);
    double median = (double)each[bench->second_count / 2] / 1e6;
    free(each);
    return median;
}

static void report(const struct bench *bench)
{
    double cpu_us = (double)(bench->end_cpu_ns - bench->warm_cpu_ns) / 1000;
    printf("{\"rate\": %.0f, \"answers_per_second\": %.0f, \"answers\": %llu, \"failed\": %llu, \"p50_ms\": "
           "%.3f, \"p90_ms\": %.3f, \"p99_ms\": %.3f, \"p99_second_ms\": %.3f, \"p999_ms\": %.3f, "
           "\"max_ms\": %.3f, \"cpu_us\": %.1f, "
           "\"rss_kb\": %ld}\n",
           bench->rate, (double)bench->ended / bench->seconds, (unsigned long long)bench->histogram.count,
           (unsigned long long)bench->failed, ms(bench, 0.5), ms(bench, 0.9), ms(bench, 0.99),
           median_p99_ms(bench), ms(bench, 0.999), (double)bench->histogram.most_ns / 1e6,
           bench->ended ? cpu_us / (double)bench->ended : 0, memory_kb(bench->pid));
}

static void read_requests(struct bench *bench, const char *path)
{
    FILE *file = fopen(path, "rb");
    unsigned char head[FRAME_BYTES];
    while (file && fread(head, 1, sizeof head, file) == sizeof head) {
        size_t size = (size_t)head[1] << 24 | (size_t)head[2] << 16 | (size_t)head[3] << 8 | (size_t)head[4];
        unsigned char *bytes = heap_alloc(sizeof head + size);
        memcpy(bytes, head, sizeof head);
        if (fread(bytes + sizeof head, 1, size, file) != size)
            stop("the last request is cut off");
        bench->requests = heap_realloc(bench->requests, (bench->request_count + 1) * sizeof *bench->requests);
        bench->requests[bench->request_count++] = (struct request){bytes, sizeof head + size};
    }
    if (!bench->request_count)
        stop("there are no requests");
    fclose(file);
}

static void read_options(struct bench *bench, int argc, char **argv)
{
    static const struct option options[] = {
        {"rate", required_argument, NULL, 'r'},
        {"streams", required_argument, NULL, 'm'},
        {"connections", required_argument, NULL, 'c'},
        {"seconds", required_argument, NULL, 's'},
        {"warm", required_argument, NULL, 'w'},
        {"pid", required_argument, NULL, 'p'},
        {"plain", no_argument, NULL, 'l'},
        {0},
    };
    for (int option; (option = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        switch (option) {
        case 'r':
            bench->rate = atof(optarg);
            break;
        case 'm':
            bench->streams = (unsigned)atoi(optarg);
            break;
        case 'c':
            bench->connection_count = (unsigned)atoi(optarg);
            break;
        case 's':
            bench->seconds = atof(optarg);
            break;
        case 'w':
            bench->warm_seconds = atof(optarg);
            break;
        case 'p':
            bench->pid = atoi(optarg);
            break;
        case 'l':
            bench->is_plain = true;
            break;
        default:
            exit(2);
        }
    }
}

int main(int argc, char **argv)
{
    struct bench *bench = heap_zalloc(sizeof *bench);
    bench->connection_count = 16;
    bench->seconds = 5;
    bench->warm_seconds = 0.5;
    read_options(bench, argc, argv);
    if (argc - optind != 3 || (bench->rate > 0) == (bench->streams > 0) || !bench->connection_count) {
        fprintf(
            stderr,
            "usage: load_client PORT PATH REQUESTS --rate R | --streams M [--connections C] [--seconds S] "
            "[--warm S] [--pid PID]\n");
        return 2;
    }
    bench->path = argv[optind + 1];
    bench->authority = "localhost";
    read_requests(bench, argv[optind + 2]);
    int poll = epoll_create1(0);
    bench->connections = heap_zalloc(bench->connection_count * sizeof *bench->connections);
    for (unsigned i = 0; i < bench->connection_count; i++)
        connection_open(&bench->connections[i], bench, (uint16_t)atoi(argv[optind]), poll);
    run(bench, poll);
    report(bench);
    return bench->failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
