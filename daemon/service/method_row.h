#pragma once

#include "rpc/method.h"
#include "service/auth.h"
#include "service/read.h"

/* A method's row: the names of its messages follow from its own. Included by the services' files alone. */
#define METHOD_ROW(SERVICE, NAME, STEM, KIND, ACCESS, BYTES, ...)                                       \
    {                                                                                                   \
        .path = "/partner.v1." SERVICE "/" NAME, .request = &partner__v1__##STEM##_request__descriptor, \
        .response = &partner__v1__##STEM##_response__descriptor, .kind = (KIND), .access = (ACCESS),    \
        .message_bytes = (BYTES)__VA_OPT__(, ) __VA_ARGS__                                              \
    }

/* One that reads. */
#define READ_ROW(SERVICE, NAME, STEM, BYTES, START)                                  \
    METHOD_ROW(SERVICE, NAME, STEM, RPC_UNARY, ACCESS_READ, BYTES, .start = (START), \
               .cancelled = read_cancelled)

/* The build fails where a service's table has not as many rows as the contract has methods: protoc-c gives each service a struct
 * of one function a method. That they are the right ones a test sees. */
#define METHODS_COMPLETE(TABLE, SERVICE)                                                      \
    static_assert(sizeof(TABLE) / sizeof *(TABLE)-1 ==                                        \
                      (sizeof(Partner__V1__##SERVICE##_Service) - sizeof(ProtobufCService)) / \
                          sizeof(void (*)(void)),                                             \
                  "each method of " #SERVICE " has its row")

/* Limits of messages: see docs/OPERATIONS.md. */
enum {
    QUESTION_BYTES = 64 * 1024,
    USUAL_BYTES = 1024 * 1024,
    STREAMED_BYTES = 4 * 1024 * 1024,
    APPLY_BYTES = 16 * 1024 * 1024,
};
