#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"
#include "partner/v1/admin.pb-c.h"
#include "partner/v1/agreement.pb-c.h"
#include "partner/v1/evidence.pb-c.h"
#include "partner/v1/match.pb-c.h"
#include "partner/v1/registry.pb-c.h"
#include "partner/v1/vocabulary.pb-c.h"
#include "rpc/method.h"
#include "service/auth.h"
#include "service/services.h"

/* The contract's methods and the services' rows are the same. */

static const ProtobufCServiceDescriptor *const contract[] = {
    &partner__v1__admin_service__descriptor,    &partner__v1__agreement_service__descriptor,
    &partner__v1__evidence_service__descriptor, &partner__v1__match_service__descriptor,
    &partner__v1__registry_service__descriptor, &partner__v1__vocabulary_service__descriptor,
};

enum { SERVICE_COUNT = sizeof contract / sizeof *contract };

static size_t rows_of(const char *path, const struct rpc_method **ret_row)
{
    size_t count = 0;
    for (const struct rpc_method *const *table = services_methods; *table; table++)
        for (const struct rpc_method *row = *table; row->path; row++)
            if (text_equal(row->path, path)) {
                *ret_row = row;
                count++;
            }
    return count;
}

static void each_method_of_the_contract_has_one_row(void **)
{
    for (size_t s = 0; s < SERVICE_COUNT; s++)
        for (unsigned m = 0; m < contract[s]->n_methods; m++) {
            const ProtobufCMethodDescriptor *method = &contract[s]->methods[m];
            const struct rpc_method *row = NULL;
            char path[128];
            snprintf(path, sizeof path, "/%s/%s", contract[s]->name, method->name);
            if (rows_of(path, &row) != 1)
                fail_msg("%s has not one row", path);
            assert_ptr_equal(row->request, method->input);
            assert_ptr_equal(row->response, method->output);
            assert_in_range(row->access, ACCESS_READ, ACCESS_COUNT - 1);
            assert_true(row->message_bytes > 0);
        }
}

static void each_row_is_a_method_of_the_contract(void **)
{
    size_t rows = 0, methods = 0;
    for (const struct rpc_method *const *table = services_methods; *table; table++)
        for (const struct rpc_method *row = *table; row->path; row++)
            rows++;
    for (size_t s = 0; s < SERVICE_COUNT; s++)
        methods += contract[s]->n_methods;
    assert_int_equal(rows, methods);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_method_of_the_contract_has_one_row),
        cmocka_unit_test(each_row_is_a_method_of_the_contract),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
