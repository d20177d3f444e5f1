#include <stdio.h>

#include "base/arena.h"
#include "base/text.h"
#include "client/client.h"
#include "client/commands.h"
#include "client/exit.h"
#include "client/facts.h"
#include "client/record_text.h"
#include "client/table.h"
#include "client/words.h"
#include "partner/v1/admin.pb-c.h"
#include "partner/v1/vocabulary.pb-c.h"

#define CONCEPT_PATH "/partner.v1.VocabularyService/GetConcept"
#define STATUS_PATH  "/partner.v1.AdminService/GetStatus"

static const char *const csv_columns[] = {"concept.scheme",
                                          "concept.code",
                                          "concept.label",
                                          "concept.other_labels",
                                          "concept.broader",
                                          "concept.vocabulary",
                                          NULL};

static void write_concept(struct client *client, const Partner__V1__Concept *concept)
{
    struct arena *arena = client->arena;
    struct table *table = facts_new(client);
    facts_add(table, "code", concept->code);
    facts_add(table, "label", concept->label);
    facts_add(table, "also called", record_strings(arena, concept->other_labels, concept->n_other_labels));
    facts_add(table, "description", concept->description);
    facts_add(table, "broader", record_strings(arena, concept->broader, concept->n_broader));
    facts_add(table, "narrower", record_strings(arena, concept->narrower, concept->n_narrower));
    facts_add(table, "related", record_strings(arena, concept->related, concept->n_related));
    facts_add(table, "reuse", concept->reuse);
    facts_add(table, "used by",
              concept->used_by ? arena_format(arena, "%zu offers", (size_t) concept->used_by) : "");
    facts_add(table, "vocabulary", concept->vocabulary);
    facts_write(client, table);
}

/* What kind of thing a code is, where --in does not say: digits are a sector, a URI is an outcome or an occupation. */
static Partner__V1__Scheme guess_scheme(const char *code)
{
    unsigned long long number;
    if (text_to_u64(code, 9999, &number))
        return PARTNER__V1__SCHEME__SCHEME_SECTOR;
    if (text_starts_with(code, "http://data.europa.eu/esco/occupation/"))
        return PARTNER__V1__SCHEME__SCHEME_OCCUPATION;
    return PARTNER__V1__SCHEME__SCHEME_OUTCOME;
}

int cmd_vocabulary_show(struct client *client)
{
    Partner__V1__GetConceptRequest request = PARTNER__V1__GET_CONCEPT_REQUEST__INIT;
    const char *in = flags_text(&client->flags, "in"), *language = flags_text(&client->flags, "language");
    ProtobufCMessage *message;
    request.code = (char *)client->flags.words[0];
    request.scheme = in ? words_scheme(in) : guess_scheme(request.code);
    request.language = (char *)(language ? language : "");
    request.min_revision = client_min_revision(client);
    int failed = client_read(client, CONCEPT_PATH, &request.base,
                             &partner__v1__get_concept_response__descriptor, &message);
    if (failed == EXIT_NOT_FOUND)
        fprintf(stderr, "what to do: codes of words: partner search%s%s \"%s\"\n", in ? " --in " : "",
                in ? in : "", request.code);
    if (failed)
        return failed;
    const Partner__V1__GetConceptResponse *answer = (const void *)message;
    if (output_wants_table(&client->output, false) && answer->concept) {
        write_concept(client, answer->concept);
        return EXIT_DONE;
    }
    struct status status = output_one(&client->output, message, csv_columns);
    return status_ok(status) ? EXIT_DONE : client_fail(EXIT_USAGE, NULL, "%s", status.message);
}

int cmd_vocabulary_list(struct client *client)
{
    static const char *const columns[] = {"vocabularies", NULL};
    Partner__V1__GetStatusRequest request = PARTNER__V1__GET_STATUS_REQUEST__INIT;
    ProtobufCMessage *message;
    int failed = client_read(client, STATUS_PATH, &request.base,
                             &partner__v1__get_status_response__descriptor, &message);
    if (failed)
        return failed;
    const Partner__V1__GetStatusResponse *answer = (const void *)message;
    if (output_wants_table(&client->output, false)) {
        for (size_t i = 0; i < answer->n_vocabularies; i++)
            puts(answer->vocabularies[i]);
        return EXIT_DONE;
    }
    struct output output = client->output;
    if (!output.field_count) {
        output.fields = (const char **)columns;
        output.field_count = 1;
    }
    struct status status = output_one(&output, message, columns);
    return status_ok(status) ? EXIT_DONE : client_fail(EXIT_USAGE, NULL, "%s", status.message);
}
