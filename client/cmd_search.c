#include <stdio.h>

#include "base/arena.h"
#include "client/client.h"
#include "client/commands.h"
#include "client/exit.h"
#include "client/record_text.h"
#include "client/table.h"
#include "client/words.h"
#include "partner/v1/vocabulary.pb-c.h"

#define SEARCH_PATH "/partner.v1.VocabularyService/SearchConcepts"

static const char *const csv_columns[] = {"scheme", "code", "label", "score", "used_by", "vocabulary", NULL};

static void write_table(struct client *client, const Partner__V1__SearchConceptsResponse *answer)
{
    /* A code is there to be copied: never cut, at the end, where it does least harm on a narrow terminal. */
    static const struct table_column columns[] = {{.title = "LABEL", .least = 20},
                                                  {.title = "SCORE", .right = true},
                                                  {.title = "USED", .right = true},
                                                  {.title = "CODE"}};
    struct arena *arena = client->arena;
    struct table *table = table_new(arena, columns, sizeof columns / sizeof *columns);
    for (size_t i = 0; i < answer->n_concepts; i++) {
        const Partner__V1__Concept *concept = answer->concepts[i];
        size_t others = concept->n_other_labels < 3 ? concept->n_other_labels : 3;
        const char *cells[] = {concept->label, arena_format(arena, "%.2f", concept->score),
                               concept->used_by ? arena_format(arena, "%zu", (size_t) concept->used_by) : "",
                               concept->code};
        table_add(table, cells);
        table_note(table, record_strings(arena, concept->other_labels, others));
    }
    if (answer->n_concepts)
        output_table(&client->output, table);
    else
        puts("nothing is called that or anything like it");
}

int cmd_search(struct client *client)
{
    Partner__V1__SearchConceptsRequest request = PARTNER__V1__SEARCH_CONCEPTS_REQUEST__INIT;
    const struct flags *flags = &client->flags;
    const char *in = flags_text(flags, "in"), *language = flags_text(flags, "language"), *query = "";
    ProtobufCMessage *message;
    for (size_t i = 0; i < flags->word_count; i++)
        query = arena_format(client->arena, "%s%s%s", query, i ? " " : "", flags->words[i]);
    request.scheme = in ? words_scheme(in) : PARTNER__V1__SCHEME__SCHEME_OUTCOME;
    request.query = (char *)query;
    request.language = (char *)(language ? language : "");
    request.page_size = flags_number(flags, "page-size");
    request.min_revision = client_min_revision(client);
    int failed = client_read(client, SEARCH_PATH, &request.base,
                             &partner__v1__search_concepts_response__descriptor, &message);
    if (failed)
        return failed;
    const Partner__V1__SearchConceptsResponse *answer = (const void *)message;
    if (output_wants_table(&client->output, true)) {
        write_table(client, answer);
        return EXIT_DONE;
    }
    struct status status =
        output_list(&client->output, &(struct output_list){
                                         .whole = message,
                                         .rows = (const ProtobufCMessage *const *)answer->concepts,
                                         .row_count = answer->n_concepts,
                                         .row = &partner__v1__concept__descriptor,
                                         .columns = csv_columns,
                                     });
    return status_ok(status) ? EXIT_DONE : client_fail(EXIT_USAGE, NULL, "%s", status.message);
}
