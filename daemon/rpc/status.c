#include "rpc/status.h"

#include <string.h>

#include "base/arena.h"
#include "base/text.h"
#include "google/rpc/error_details.pb-c.h"
#include "google/rpc/status.pb-c.h"
#include "rpc/base64.h"
#include "rpc/grpc.h"
#include "rpc/guard.h"

enum {
    MESSAGE_BYTES = 800,
    FAULT_BYTES = 300,
    FAULTS_BYTES = 2500,
    MOST_FAULTS = 50,
    DETAILS_MEMORY_BYTES = 256 << 10
};

#define TYPE_PREFIX "type.googleapis.com/"

static char *cut(struct arena *arena, const char *text, size_t bytes)
{
    if (!text)
        return (char *)protobuf_c_empty_string;
    return arena_strndup(arena, text, text_cut(text, bytes));
}

static bool is_word_character(char character)
{
    return (character >= 'a' && character <= 'z') || (character >= '0' && character <= '9') ||
           character == '_';
}

/* Of "need.sectors[3]": whether "sectors" is a word of the text. */
static bool names_field(const char *text, const char *field)
{
    const char *dot = strrchr(field, '.'), *name = dot ? dot + 1 : field;
    size_t size = strcspn(name, "[");
    for (const char *at = text; size && (at = memmem(at, strlen(at), name, size)) != NULL; at++)
        if ((at == text || !is_word_character(at[-1])) && !is_word_character(at[size]))
            return true;
    return false;
}

/* For those who see the message alone: "page_size must be ...". */
static const char *whole_message(struct arena *arena, struct status status)
{
    const char *message = status.message ? status.message : status_code_name(status.code);
    if (status.field && *status.field && !names_field(message, status.field))
        message = arena_format(arena, "%s %s", status.field, message);
    return cut(arena, message, MESSAGE_BYTES);
}

static Google__Protobuf__Any *wrap(struct arena *arena, const ProtobufCMessage *message)
{
    Google__Protobuf__Any *any = arena_alloc(arena, sizeof *any);
    google__protobuf__any__init(any);
    any->type_url = arena_format(arena, TYPE_PREFIX "%s", message->descriptor->name);
    any->value.data = arena_alloc(arena, protobuf_c_message_get_packed_size(message));
    any->value.len = protobuf_c_message_pack(message, any->value.data);
    return any;
}

static Google__Rpc__BadRequest__FieldViolation *make_violation(struct arena *arena, const char *field,
                                                               const char *message)
{
    Google__Rpc__BadRequest__FieldViolation *violation = arena_alloc(arena, sizeof *violation);
    google__rpc__bad_request__field_violation__init(violation);
    violation->field = cut(arena, field, FAULT_BYTES);
    violation->description = cut(arena, message, FAULT_BYTES);
    return violation;
}

static Google__Protobuf__Any *write_faults(struct arena *arena, struct status status)
{
    Google__Rpc__BadRequest__FieldViolation *violations[MOST_FAULTS + 1];
    Google__Rpc__BadRequest request = GOOGLE__RPC__BAD_REQUEST__INIT;
    request.field_violations = violations;
    struct fault first = {status.field, status.message, status.more};
    size_t bytes = 0, left_out = 0;
    for (const struct fault *fault = &first; fault; fault = fault->next) {
        if (request.n_field_violations == MOST_FAULTS || bytes > FAULTS_BYTES) {
            left_out++;
            continue;
        }
        Google__Rpc__BadRequest__FieldViolation *violation =
            make_violation(arena, fault->field, fault->message);
        bytes += strlen(violation->field) + strlen(violation->description) + 6;
        violations[request.n_field_violations++] = violation;
    }
    if (left_out)
        violations[request.n_field_violations++] =
            make_violation(arena, NULL, arena_format(arena, "and %zu more faults", left_out));
    return wrap(arena, &request.base);
}

static char *write_details(struct arena *arena, struct status status, const char *message)
{
    Google__Protobuf__Any *details[3];
    Google__Rpc__Status whole = GOOGLE__RPC__STATUS__INIT;
    Google__Rpc__ErrorInfo info = GOOGLE__RPC__ERROR_INFO__INIT;
    whole.code = (int32_t)status.code;
    whole.message = (char *)message;
    whole.details = details;
    info.reason = (char *)(status.reason ? status.reason : status_code_name(status.code));
    info.domain = (char *)"partner";
    details[whole.n_details++] = wrap(arena, &info.base);
    if (status.field || status.more)
        details[whole.n_details++] = write_faults(arena, status);
    if (status.retry_ms) {
        Google__Rpc__RetryInfo retry = GOOGLE__RPC__RETRY_INFO__INIT;
        Google__Protobuf__Duration delay = GOOGLE__PROTOBUF__DURATION__INIT;
        delay.seconds = status.retry_ms / 1000;
        delay.nanos = (int32_t)(status.retry_ms % 1000) * 1000000;
        retry.retry_delay = &delay;
        details[whole.n_details++] = wrap(arena, &retry.base);
    }
    size_t size = google__rpc__status__get_packed_size(&whole);
    unsigned char *packed = arena_alloc(arena, size);
    google__rpc__status__pack(&whole, packed);
    return base64_encode(arena, packed, size, false);
}

size_t rpc_status_write(struct arena *arena, struct status status,
                        struct rpc_header headers[RPC_STATUS_HEADERS])
{
    if ((unsigned)status.code >= STATUS_CODE_COUNT)
        status.code = STATUS_UNKNOWN;
    headers[0] = (struct rpc_header){"grpc-status", "0"};
    if (status_ok(status))
        return 1;
    headers[0].value = arena_format(arena, "%d", (int)status.code);
    const char *message = whole_message(arena, status);
    headers[1] = (struct rpc_header){"grpc-message", grpc_message_encode(arena, message)};
    headers[2] = (struct rpc_header){"grpc-status-details-bin", write_details(arena, status, message)};
    return 3;
}

static void read_faults(struct arena *arena, struct status *status, const Google__Rpc__BadRequest *request)
{
    struct fault **place = (struct fault **)&status->more;
    for (size_t i = 0; i < request->n_field_violations; i++) {
        const Google__Rpc__BadRequest__FieldViolation *violation = request->field_violations[i];
        if (i == 0 && *violation->field) {
            status->field = violation->field;
            status->message = violation->description;
            continue;
        }
        struct fault *fault = arena_zalloc(arena, sizeof *fault);
        fault->field = violation->field;
        fault->message = violation->description;
        *place = fault;
        place = (struct fault **)&fault->next;
    }
}

static const ProtobufCMessage *unwrap(struct arena *arena, const Google__Protobuf__Any *any,
                                      const ProtobufCMessageDescriptor *descriptor)
{
    const char *name = strrchr(any->type_url, '/');
    ProtobufCMessage *message = NULL;
    if (!name || strcmp(name + 1, descriptor->name) != 0)
        return NULL;
    struct guard_limits limits = {.memory_bytes = DETAILS_MEMORY_BYTES};
    struct status status = guard_unpack(arena, descriptor, any->value.data, any->value.len, limits, &message);
    return status_ok(status) ? message : NULL;
}

static void read_detail(struct arena *arena, struct status *status, const Google__Protobuf__Any *any)
{
    const void *info = unwrap(arena, any, &google__rpc__error_info__descriptor);
    if (info)
        status->reason = ((const Google__Rpc__ErrorInfo *)info)->reason;
    const void *request = unwrap(arena, any, &google__rpc__bad_request__descriptor);
    if (request)
        read_faults(arena, status, request);
    const Google__Rpc__RetryInfo *retry =
        (const void *)unwrap(arena, any, &google__rpc__retry_info__descriptor);
    if (!retry || !retry->retry_delay || retry->retry_delay->seconds < 0 || retry->retry_delay->nanos < 0)
        return;
    int64_t seconds = retry->retry_delay->seconds < 86400 ? retry->retry_delay->seconds : 86400;
    status->retry_ms = (unsigned)(seconds * 1000 + retry->retry_delay->nanos / 1000000);
}

struct status rpc_status_read(struct arena *arena, const char *code, const char *message, const char *details)
{
    unsigned long long number;
    struct status status = {.code = STATUS_UNKNOWN};
    if (code && text_to_u64(code, STATUS_CODE_COUNT - 1, &number))
        status.code = (enum status_code)number;
    if (status_ok(status))
        return status;
    status.message = message ? grpc_message_decode(arena, message) : status_code_name(status.code);
    unsigned char *bytes;
    size_t size;
    if (!details || !base64_decode(arena, details, strlen(details), &bytes, &size))
        return status;
    ProtobufCMessage *whole = NULL;
    struct guard_limits limits = {.memory_bytes = DETAILS_MEMORY_BYTES};
    if (!status_ok(guard_unpack(arena, &google__rpc__status__descriptor, bytes, size, limits, &whole)))
        return status;
    const Google__Rpc__Status *read = (const void *)whole;
    for (size_t i = 0; i < read->n_details; i++)
        read_detail(arena, &status, read->details[i]);
    return status;
}
