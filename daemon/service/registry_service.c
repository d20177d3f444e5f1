#include "service/registry_service.h"

#include "partner/v1/registry.pb-c.h"
#include "service/apply.h"
#include "service/directory_reads.h"
#include "service/export.h"
#include "service/method_row.h"
#include "service/push.h"
#include "service/watch.h"

static void get_organisation_start(struct rpc_call *call, const ProtobufCMessage *request)
{
    read_start(call, request, ((const Partner__V1__GetOrganisationRequest *)request)->min_revision,
               &get_organisation_read);
}

static void list_organisations_start(struct rpc_call *call, const ProtobufCMessage *request)
{
    read_start(call, request, ((const Partner__V1__ListOrganisationsRequest *)request)->min_revision,
               &list_organisations_read);
}

static void list_registries_start(struct rpc_call *call, const ProtobufCMessage *request)
{
    read_start(call, request, ((const Partner__V1__ListRegistriesRequest *)request)->min_revision,
               &list_registries_read);
}

const struct rpc_method registry_service_methods[] = {
    READ_ROW("RegistryService", "GetOrganisation", get_organisation, USUAL_BYTES, get_organisation_start),
    READ_ROW("RegistryService", "ListOrganisations", list_organisations, USUAL_BYTES,
             list_organisations_start),
    READ_ROW("RegistryService", "ListRegistries", list_registries, USUAL_BYTES, list_registries_start),
    METHOD_ROW("RegistryService", "Apply", apply, RPC_UNARY, ACCESS_APPLY, APPLY_BYTES, .start = apply_start,
               .enums_open = true),
    METHOD_ROW("RegistryService", "Push", push, RPC_CLIENT_STREAM, ACCESS_PUSH, STREAMED_BYTES,
               .start = push_start, .message = push_message, .half_close = push_half_close,
               .cancelled = push_cancelled, .enums_open = true),
    METHOD_ROW("RegistryService", "Export", export, RPC_SERVER_STREAM, ACCESS_READ, USUAL_BYTES,
               .start = export_start, .writable = export_writable, .cancelled = export_cancelled),
    METHOD_ROW("RegistryService", "Watch", watch, RPC_SERVER_STREAM, ACCESS_READ, USUAL_BYTES,
               .start = watch_start, .writable = watch_writable, .cancelled = watch_cancelled),
    {.path = NULL},
};
METHODS_COMPLETE(registry_service_methods, RegistryService);
