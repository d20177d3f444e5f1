#include "store/vocabulary_rows.h"

#include <string.h>

#include <openssl/sha.h>

#include "base/arena.h"
#include "base/hash.h"
#include "base/text.h"
#include "store/parameter.h"
#include "store/transaction.h"

enum { HASH_BYTES = 16, CHUNK_ROWS = 1000, CODE_SHOWN_BYTES = 200 };

/* Apart, and put together here: a join of what was just loaded would be planned without statistics. */
static const struct statement ask_concepts = {
    "ask_concepts", "SELECT code, vocabulary, content_hash FROM concept WHERE scheme = $1"};

static const struct statement ask_words = {
    "ask_words", "SELECT code, content_hash FROM concept_words WHERE scheme = $1 AND language = $2"};

static const struct statement delete_concepts = {
    "delete_concepts", "DELETE FROM concept WHERE scheme = $1 AND code = ANY ($2::text[])"};

static const struct statement upsert_concepts = {
    "upsert_concepts",
    "INSERT INTO concept (scheme, code, vocabulary, reuse, broader, related, sectors, content_hash)"
    " SELECT $1, c, $2, u, b::text[], r::text[], s::text[], h"
    " FROM unnest($3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::bytea[]) AS w (c, u, b, r, "
    "s, h)"
    " ON CONFLICT (scheme, code) DO UPDATE SET reuse = EXCLUDED.reuse, broader = EXCLUDED.broader,"
    " related = EXCLUDED.related, sectors = EXCLUDED.sectors, content_hash = EXCLUDED.content_hash"};

static const struct statement upsert_words = {
    "upsert_words",
    "INSERT INTO concept_words (scheme, code, language, label, other_labels, description, content_hash)"
    " SELECT $1, c, $2, l, o::text[], d, h"
    " FROM unnest($3::text[], $4::text[], $5::text[], $6::text[], $7::bytea[]) AS w (c, l, o, d, h)"
    " ON CONFLICT (scheme, code, language) DO UPDATE SET label = EXCLUDED.label,"
    " other_labels = EXCLUDED.other_labels, description = EXCLUDED.description,"
    " content_hash = EXCLUDED.content_hash"};

bool vocabulary_rows_init(struct vocabulary_rows *rows, struct arena *arena,
                          const struct store_vocabulary *request)
{
    const char *blank = strrchr(request->vocabulary, ' ');
    if (!blank || blank == request->vocabulary || !blank[1])
        return false;
    *rows = (struct vocabulary_rows){
        .arena = arena,
        .request = request,
        .name = arena_strndup(arena, request->vocabulary, (size_t)(blank - request->vocabulary)),
        .version = blank + 1,
        .language = request->language && *request->language ? request->language : "en",
    };
    return true;
}

void vocabulary_rows_ask(const struct vocabulary_rows *rows, struct transaction *transaction)
{
    struct parameters scheme = {.arena = rows->arena}, words = {.arena = rows->arena};
    parameters_int2(&scheme, (int16_t)rows->request->scheme);
    parameters_int2(&words, (int16_t)rows->request->scheme);
    parameters_text(&words, rows->language);
    transaction_send(transaction, &ask_concepts, &scheme);
    transaction_send(transaction, &ask_words, &words);
}

/* ---- hashes: each text with its length, each list with its count ---- */

static void add_string(struct text_buffer *bytes, const char *text)
{
    uint64_t size = strlen(text);
    text_buffer_append(bytes, &size, sizeof size);
    text_buffer_append(bytes, text, size);
}

static void add_list(struct text_buffer *bytes, struct text_list list)
{
    uint64_t count = list.count;
    text_buffer_append(bytes, &count, sizeof count);
    for (size_t i = 0; i < list.count; i++)
        add_string(bytes, list.items[i]);
}

static void hash_end(struct text_buffer *bytes, unsigned char ret_hash[HASH_BYTES])
{
    unsigned char whole[SHA256_DIGEST_LENGTH];
    SHA256((const unsigned char *)bytes->bytes, bytes->size, whole);
    memcpy(ret_hash, whole, HASH_BYTES);
    text_buffer_fini(bytes);
}

static void hash_links(const struct store_concept *concept, unsigned char ret_hash[HASH_BYTES])
{
    struct text_buffer bytes = {0};
    add_string(&bytes, concept->reuse);
    add_list(&bytes, concept->broader);
    add_list(&bytes, concept->related);
    add_list(&bytes, concept->sectors);
    hash_end(&bytes, ret_hash);
}

static void hash_words(const struct store_concept *concept, unsigned char ret_hash[HASH_BYTES])
{
    struct text_buffer bytes = {0};
    add_string(&bytes, concept->label);
    add_list(&bytes, concept->other_labels);
    add_string(&bytes, concept->description);
    hash_end(&bytes, ret_hash);
}

/* ---- judging ---- */

struct judgement {
    struct vocabulary_rows *rows;
    const PGresult *stored, *words; /* rows by code */
    struct text_map stored_rows, word_rows, sent;
    bool *is_sent; /* of the rows stored */
};

[[gnu::format(printf, 2, 3)]] static void reject(struct vocabulary_rows *rows, const char *format, ...)
{
    if (rows->result.reason_count < VOCABULARY_REASONS_MOST) {
        va_list arguments;
        va_start(arguments, format);
        rows->reasons[rows->result.reason_count++] = arena_vformat(rows->arena, format, arguments);
        va_end(arguments);
    }
    rows->result.rejected++;
}

static bool holds_same(const PGresult *stored, uint32_t row, int column, const unsigned char hash[HASH_BYTES])
{
    if (row == TEXT_MAP_NONE)
        return false;
    struct column_value value = result_blob(stored, (int)row, column);
    return value.size == HASH_BYTES && memcmp(value.bytes, hash, HASH_BYTES) == 0;
}

/* Whether the concept may land; `row`: where it stands already. */
static bool concept_lands(struct judgement *judgement, const struct store_concept *concept, uint32_t row)
{
    struct vocabulary_rows *rows = judgement->rows;
    if (!*concept->code) {
        reject(rows, "a concept has no code");
        return false;
    }
    int shown = (int)text_cut(concept->code, CODE_SHOWN_BYTES);
    if (text_map_get(&judgement->sent, concept->code) != TEXT_MAP_NONE) {
        reject(rows, "%.*s: the code comes twice", shown, concept->code);
        return false;
    }
    text_map_set(&judgement->sent, concept->code, 1);
    const char *holder = row == TEXT_MAP_NONE ? rows->name : PQgetvalue(judgement->stored, (int)row, 1);
    if (strcmp(holder, rows->name) != 0) {
        reject(rows, "%.*s: vocabulary %s holds the code already", shown, concept->code, holder);
        return false;
    }
    if (row != TEXT_MAP_NONE)
        judgement->is_sent[row] = true;
    else if (rows->request->labels_only) {
        reject(rows, "%.*s: vocabulary %s has no such code", shown, concept->code, rows->name);
        return false;
    }
    if (!*concept->label) {
        reject(rows, "%.*s: the label is empty", shown, concept->code);
        return false;
    }
    return true;
}

static void judge_concept(struct judgement *judgement, size_t index)
{
    struct vocabulary_rows *rows = judgement->rows;
    const struct store_concept *concept = &rows->request->concepts[index];
    uint32_t row = text_map_get(&judgement->stored_rows, concept->code);
    unsigned char links[HASH_BYTES], words[HASH_BYTES];
    if (!concept_lands(judgement, concept, row))
        return;
    bool is_new = row == TEXT_MAP_NONE;
    hash_links(concept, links);
    hash_words(concept, words);
    uint32_t word_row = text_map_get(&judgement->word_rows, concept->code);
    bool writes_links = !rows->request->labels_only && !holds_same(judgement->stored, row, 2, links);
    bool writes_words = !holds_same(judgement->words, word_row, 1, words);
    if (writes_links)
        rows->concepts[rows->concept_count++] = index;
    if (writes_words)
        rows->words[rows->word_count++] = index;
    rows->result.created += is_new;
    rows->result.updated += !is_new && (writes_links || writes_words);
}

/* What the name has and the load has not. */
static void judge_stored(struct judgement *judgement)
{
    struct vocabulary_rows *rows = judgement->rows;
    if (rows->request->labels_only)
        return;
    for (int i = 0; i < PQntuples(judgement->stored); i++)
        if (!judgement->is_sent[i] && strcmp(PQgetvalue(judgement->stored, i, 1), rows->name) == 0)
            rows->deleted[rows->deleted_count++] = result_text(rows->arena, judgement->stored, i, 0);
    rows->result.deleted = rows->deleted_count;
}

static void rows_reset(struct vocabulary_rows *rows, size_t stored_count)
{
    size_t count = rows->request->concept_count;
    rows->reasons = arena_array(rows->arena, VOCABULARY_REASONS_MOST, sizeof *rows->reasons);
    rows->result = (struct store_vocabulary_result){.reasons = rows->reasons};
    rows->concepts = arena_array(rows->arena, count, sizeof *rows->concepts);
    rows->words = arena_array(rows->arena, count, sizeof *rows->words);
    rows->deleted = arena_array(rows->arena, stored_count, sizeof *rows->deleted);
    rows->concept_count = rows->word_count = rows->deleted_count = 0;
}

/* Keys are borrowed of the result. */
static void index_codes(struct text_map *map, const PGresult *result)
{
    text_map_init(map);
    for (int i = 0; i < PQntuples(result); i++)
        text_map_set(map, PQgetvalue(result, i, 0), (uint32_t)i);
}

void vocabulary_rows_judge(struct vocabulary_rows *rows, const PGresult *stored, const PGresult *words)
{
    size_t stored_count = (size_t)PQntuples(stored);
    struct judgement judgement = {.rows = rows,
                                  .stored = stored,
                                  .words = words,
                                  .is_sent = arena_array(rows->arena, stored_count, sizeof(bool))};
    index_codes(&judgement.stored_rows, stored);
    index_codes(&judgement.word_rows, words);
    text_map_init(&judgement.sent);
    rows_reset(rows, stored_count);
    for (size_t i = 0; i < rows->request->concept_count; i++)
        judge_concept(&judgement, i);
    judge_stored(&judgement);
    text_map_fini(&judgement.stored_rows);
    text_map_fini(&judgement.word_rows);
    text_map_fini(&judgement.sent);
}

bool vocabulary_rows_change_something(const struct vocabulary_rows *rows)
{
    return rows->concept_count || rows->word_count || rows->deleted_count;
}

/* ---- writing ---- */

static void add_quoted(struct text_buffer *buffer, const char *text)
{
    text_buffer_add(buffer, "\"");
    for (const char *at = text; *at;) {
        size_t plain = strcspn(at, "\"\\");
        text_buffer_append(buffer, at, plain);
        at += plain;
        if (*at) {
            char escaped[] = {'\\', *at++};
            text_buffer_append(buffer, escaped, sizeof escaped);
        }
    }
    text_buffer_add(buffer, "\"");
}

/* The text form of a text[]: lists of several lengths can't be unnested as they are. */
static const char *list_literal(struct arena *arena, struct text_list list)
{
    struct text_buffer buffer = {0};
    text_buffer_add(&buffer, "{");
    for (size_t i = 0; i < list.count; i++) {
        if (i)
            text_buffer_add(&buffer, ",");
        add_quoted(&buffer, list.items[i]);
    }
    text_buffer_add(&buffer, "}");
    char *literal = arena_strndup(arena, buffer.bytes, buffer.size);
    text_buffer_fini(&buffer);
    return literal;
}

enum { CHUNK_TEXTS = 5 };

/* Columns of up to CHUNK_ROWS rows. */
struct chunk {
    const char *texts[CHUNK_TEXTS][CHUNK_ROWS];
    unsigned char hashes[CHUNK_ROWS][HASH_BYTES];
    struct column_value blobs[CHUNK_ROWS];
};

static void chunk_send(struct chunk *chunk, struct parameters *parameters, size_t text_columns, size_t count)
{
    for (size_t c = 0; c < text_columns; c++)
        parameters_texts(parameters, chunk->texts[c], count);
    for (size_t i = 0; i < count; i++)
        chunk->blobs[i] = (struct column_value){chunk->hashes[i], HASH_BYTES};
    parameters_blobs(parameters, chunk->blobs, count);
}

static void send_links(const struct vocabulary_rows *rows, struct transaction *transaction,
                       struct arena *scratch, const size_t *indexes, size_t count)
{
    struct chunk *chunk = arena_alloc(scratch, sizeof *chunk);
    for (size_t i = 0; i < count; i++) {
        const struct store_concept *concept = &rows->request->concepts[indexes[i]];
        chunk->texts[0][i] = concept->code;
        chunk->texts[1][i] = concept->reuse;
        chunk->texts[2][i] = list_literal(scratch, concept->broader);
        chunk->texts[3][i] = list_literal(scratch, concept->related);
        chunk->texts[4][i] = list_literal(scratch, concept->sectors);
        hash_links(concept, chunk->hashes[i]);
    }
    struct parameters parameters = {.arena = scratch};
    parameters_int2(&parameters, (int16_t)rows->request->scheme);
    parameters_text(&parameters, rows->name);
    chunk_send(chunk, &parameters, 5, count);
    transaction_send(transaction, &upsert_concepts, &parameters);
}

static void send_words(const struct vocabulary_rows *rows, struct transaction *transaction,
                       struct arena *scratch, const size_t *indexes, size_t count)
{
    struct chunk *chunk = arena_alloc(scratch, sizeof *chunk);
    for (size_t i = 0; i < count; i++) {
        const struct store_concept *concept = &rows->request->concepts[indexes[i]];
        chunk->texts[0][i] = concept->code;
        chunk->texts[1][i] = concept->label;
        chunk->texts[2][i] = list_literal(scratch, concept->other_labels);
        chunk->texts[3][i] = concept->description;
        hash_words(concept, chunk->hashes[i]);
    }
    struct parameters parameters = {.arena = scratch};
    parameters_int2(&parameters, (int16_t)rows->request->scheme);
    parameters_text(&parameters, rows->language);
    chunk_send(chunk, &parameters, 4, count);
    transaction_send(transaction, &upsert_words, &parameters);
}

static size_t chunk_rows(size_t count, size_t from)
{
    return count - from < CHUNK_ROWS ? count - from : CHUNK_ROWS;
}

static void send_deleted(const struct vocabulary_rows *rows, struct transaction *transaction)
{
    struct parameters parameters = {.arena = rows->arena};
    parameters_int2(&parameters, (int16_t)rows->request->scheme);
    parameters_texts(&parameters, rows->deleted, rows->deleted_count);
    transaction_send(transaction, &delete_concepts, &parameters);
}

/* In the order: deleted, concepts, words; `at` counts rows of the latter two. */
bool vocabulary_rows_send(const struct vocabulary_rows *rows, struct transaction *transaction, size_t *at,
                          size_t *ret_count)
{
    *ret_count = 0;
    if (*at == 0 && rows->deleted_count) {
        send_deleted(rows, transaction);
        ++*ret_count;
    }
    struct arena *scratch = arena_new(0);
    if (*at < rows->concept_count) {
        size_t count = chunk_rows(rows->concept_count, *at);
        send_links(rows, transaction, scratch, rows->concepts + *at, count);
        *at += count;
        ++*ret_count;
    } else if (*at < rows->concept_count + rows->word_count) {
        size_t from = *at - rows->concept_count, count = chunk_rows(rows->word_count, from);
        send_words(rows, transaction, scratch, rows->words + from, count);
        *at += count;
        ++*ret_count;
    }
    arena_free(scratch);
    return *at < rows->concept_count + rows->word_count;
}
