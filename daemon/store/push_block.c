#include "store/push_block.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "model/identifier.h"
#include "store/batch.h"
#include "store/binary.h"
#include "store/column.h"
#include "store/parameter.h"

/* An id that is none may be of any length; what is told of it is short. */
enum { ID_BYTES_MOST = 200, REASON_BYTES_MOST = 500, SENT_BYTES_KEPT = 4 << 20 };

void push_block_init(struct push_block *block)
{
    *block = (struct push_block){
        .sizes = heap_alloc(PUSH_BLOCK_CHANGES * sizeof *block->sizes),
        .arena = arena_new(0),
        .changes = heap_alloc(PUSH_BLOCK_CHANGES * sizeof *block->changes),
        .is_same = heap_alloc(PUSH_BLOCK_CHANGES * sizeof *block->is_same),
    };
}

void push_block_fini(struct push_block *block)
{
    text_buffer_fini(&block->sent);
    for (unsigned i = 0; i < PUSH_TABLE_COUNT; i++)
        text_buffer_fini(&block->rows[i]);
    arena_free(block->arena);
    free(block->sizes);
    free(block->changes);
    free(block->is_same);
}

static void buffer_clear(struct text_buffer *buffer)
{
    if (buffer->capacity > SENT_BYTES_KEPT)
        text_buffer_fini(buffer);
    else
        text_buffer_clear(buffer);
}

void push_block_clear(struct push_block *block)
{
    buffer_clear(&block->sent);
    for (unsigned i = 0; i < PUSH_TABLE_COUNT; i++)
        buffer_clear(&block->rows[i]);
    arena_reset(block->arena);
    block->state = PUSH_BLOCK_FREE;
    block->is_under_way = false;
    block->count = 0;
    block->next_table = 0;
}

/* ---- taking ---- */

struct packing {
    ProtobufCBuffer base;
    struct text_buffer *to;
};

static void packing_append(ProtobufCBuffer *buffer, size_t size, const uint8_t *bytes)
{
    text_buffer_append(((struct packing *)buffer)->to, bytes, size);
}

void push_block_add(struct push_block *block, const pb_change *change)
{
    struct packing packing = {{packing_append}, &block->sent};
    size_t before = block->sent.size;
    protobuf_c_message_pack_to_buffer(&change->base, &packing.base);
    block->sizes[block->count++] = (uint32_t)(block->sent.size - before);
}

bool push_block_is_full(const struct push_block *block)
{
    return block->count == PUSH_BLOCK_CHANGES || block->sent.size >= PUSH_BLOCK_BYTES;
}

/* ---- preparing ---- */

void push_block_prepare(struct push_block *block, const struct vocabulary *vocabulary, const char *registry,
                        EVP_MD_CTX *hash)
{
    const unsigned char *at = (const unsigned char *)block->sent.bytes;
    static const pb_change none = PARTNER__V1__CHANGE__INIT;
    for (size_t i = 0; i < block->count; i++) {
        unsigned char size[4];
        binary_put_u32(size, block->sizes[i]);
        if (hash) {
            EVP_DigestUpdate(hash, size, sizeof size);
            EVP_DigestUpdate(hash, at, block->sizes[i]);
        }
        pb_change *message = partner__v1__change__unpack(arena_protobuf(block->arena), block->sizes[i], at);
        if (!message)
            message = arena_copy(block->arena, &none, sizeof none);
        batch_change_prepare(block->arena, vocabulary, registry, message, &block->changes[i]);
        store_batch_hash(&block->changes[i]);
        at += block->sizes[i];
    }
}

/* ---- comparing ---- */

static bool is_own(const struct batch_change *change, const char *registry)
{
    return id_is_valid(change->id) && id_is_of_registry(change->id, registry);
}

/* Along the key: the session plans nothing else. */
static const char compare_sql[] = "SELECT (w.n - 1)::integer FROM unnest($1::text[], $2::smallint[], "
                                  "$3::bytea[]) WITH ORDINALITY AS w (i, k, h, n)"
                                  " JOIN record r ON r.id = w.i WHERE r.kind = w.k AND r.content_hash = w.h";

const char *push_block_ask(struct push_block *block, const char *registry, struct parameters *ret_parameters)
{
    const char **ids = arena_array(block->arena, block->count, sizeof *ids);
    int16_t *kinds = arena_array(block->arena, block->count, sizeof *kinds);
    struct column_value *hashes = arena_array(block->arena, block->count, sizeof *hashes);
    for (size_t i = 0; i < block->count; i++) {
        const struct batch_change *change = &block->changes[i];
        bool is_asked = change->packed && is_own(change, registry);
        ids[i] = is_asked ? change->id : "";
        kinds[i] = (int16_t)change->record.kind;
        hashes[i] = (struct column_value){change->content_hash, CONTENT_HASH_BYTES};
    }
    *ret_parameters = (struct parameters){.arena = block->arena};
    parameters_texts(ret_parameters, ids, block->count);
    parameters_int2s(ret_parameters, kinds, block->count);
    parameters_blobs(ret_parameters, hashes, block->count);
    return compare_sql;
}

void push_block_compare(struct push_block *block, const PGresult *result)
{
    memset(block->is_same, 0, block->count * sizeof *block->is_same);
    for (int row = 0; row < PQntuples(result); row++) {
        size_t i = (size_t)result_int4(result, row, 0);
        if (i < block->count)
            block->is_same[i] = true;
    }
}

/* ---- rows ---- */

static const char copy_head[19] = "PGCOPY\n\377\r\n\0\0\0\0\0\0\0\0";

static struct text_buffer *row_begin(struct push_block *block, unsigned table, size_t field_count)
{
    struct text_buffer *rows = &block->rows[table];
    unsigned char count[2];
    if (!rows->size)
        text_buffer_append(rows, copy_head, sizeof copy_head);
    binary_put_u16(count, (uint16_t)field_count);
    text_buffer_append(rows, count, sizeof count);
    return rows;
}

static void put_value(struct text_buffer *rows, struct column_value value)
{
    unsigned char size[4];
    binary_put_u32(size, (uint32_t)value.size);
    text_buffer_append(rows, size, sizeof size);
    if (value.size > 0)
        text_buffer_append(rows, value.bytes, (size_t)value.size);
}

static void put_bytes(struct text_buffer *rows, const void *bytes, size_t size)
{
    put_value(rows, (struct column_value){bytes, (int32_t)size});
}

static void put_null(struct text_buffer *rows)
{
    put_value(rows, (struct column_value){NULL, -1});
}

static void put_text(struct text_buffer *rows, const char *text, size_t most)
{
    if (text)
        put_bytes(rows, text, most ? text_cut(text, most) : strlen(text));
    else
        put_null(rows);
}

static void put_int4(struct text_buffer *rows, uint32_t number)
{
    unsigned char bytes[4];
    binary_put_u32(bytes, number);
    put_bytes(rows, bytes, sizeof bytes);
}

static void put_int2(struct text_buffer *rows, unsigned number)
{
    unsigned char bytes[2];
    binary_put_u16(bytes, (uint16_t)number);
    put_bytes(rows, bytes, sizeof bytes);
}

static void put_bool(struct text_buffer *rows, bool value)
{
    put_bytes(rows, &(unsigned char){value}, 1);
}

/* What a change is staged as. */
struct staged {
    const struct batch_change *change;
    uint32_t ordinal;
    bool own, has_body;
    bool
        has_parts; /* what it says of others matters: it may land, or its faults are told in the order of fields */
};

static bool is_own_reference(const char *id, const char *registry)
{
    return id_is_valid(id) && id_is_of_registry(id, registry);
}

static const char *own_organisation(const struct staged *staged, const char *registry)
{
    const char *const *ids, *scratch[1];
    const struct record *record = &staged->change->record;
    if (!staged->has_parts || (record->kind != RECORD_OFFER && record->kind != RECORD_NEED))
        return NULL;
    size_t count = record_references(record, &ids, scratch);
    return count && is_own_reference(ids[0], registry) ? ids[0] : NULL;
}

/* The place of the faulty field among its record's; a fault of the record as a whole comes last. */
static uint32_t fault_place(const struct batch_change *change)
{
    const char *dot = change->reject_field ? strchr(change->reject_field, '.') : NULL;
    if (change->record.kind == RECORD_NONE || !dot)
        return INT32_MAX;
    const ProtobufCMessageDescriptor *descriptor = record_descriptor(change->record.kind);
    size_t bytes = strcspn(dot + 1, ".[");
    for (unsigned i = 0; i < descriptor->n_fields; i++)
        if (strlen(descriptor->fields[i].name) == bytes &&
            strncmp(descriptor->fields[i].name, dot + 1, bytes) == 0)
            return i;
    return INT32_MAX;
}

static void put_change(struct push_block *block, const struct staged *staged, const char *registry)
{
    const struct batch_change *change = staged->change;
    struct text_buffer *rows = row_begin(block, PUSH_TABLE_CHANGE, 10);
    put_int4(rows, staged->ordinal);
    put_text(rows, change->id, ID_BYTES_MOST);
    put_int2(rows, change->is_delete ? 0 : change->record.kind);
    put_bool(rows, staged->own);
    put_bool(rows, staged->has_body);
    if (change->packed)
        put_bytes(rows, change->content_hash, CONTENT_HASH_BYTES);
    else
        put_null(rows);
    put_text(rows, own_organisation(staged, registry), 0);
    put_text(rows, change->reject_field, ID_BYTES_MOST);
    put_text(rows, change->reject_reason, REASON_BYTES_MOST);
    if (change->reject_reason)
        put_int4(rows, fault_place(change));
    else
        put_null(rows);
}

static void put_members(struct push_block *block, const struct staged *staged, const char *registry)
{
    const char *const *ids, *scratch[1];
    size_t count = record_references(&staged->change->record, &ids, scratch);
    for (size_t i = 0; i < count; i++) {
        if (!is_own_reference(ids[i], registry))
            continue;
        struct text_buffer *rows = row_begin(block, PUSH_TABLE_MEMBER, 3);
        put_int4(rows, staged->ordinal);
        put_int4(rows, (uint32_t)i);
        put_text(rows, ids[i], 0);
    }
}

static bool is_repeated(const char *const *keys, size_t count, const char *key)
{
    for (size_t i = 0; i < count; i++)
        if (keys[i] && strcmp(keys[i], key) == 0)
            return true;
    return false;
}

static void put_keys(struct push_block *block, const struct staged *staged)
{
    const pb_organisation *organisation = staged->change->record.organisation;
    const char **keys = arena_array(block->arena, organisation->n_identifiers, sizeof *keys);
    for (size_t i = 0; i < organisation->n_identifiers; i++) {
        keys[i] = identifier_key(block->arena, organisation->identifiers[i]);
        if (!keys[i] || is_repeated(keys, i, keys[i]))
            continue;
        size_t scheme_bytes = strcspn(keys[i], ":");
        struct text_buffer *rows = row_begin(block, PUSH_TABLE_KEY, 5);
        put_int4(rows, staged->ordinal);
        put_int4(rows, (uint32_t)i);
        put_text(rows, staged->change->id, 0);
        put_bytes(rows, keys[i], scheme_bytes);
        put_text(rows, keys[i] + scheme_bytes + 1, 0);
    }
}

static void put_body(struct push_block *block, const struct staged *staged, const struct column_codec *codec)
{
    const struct batch_change *change = staged->change;
    struct text_buffer *rows = row_begin(block, PUSH_TABLE_BODY, 5);
    put_int4(rows, staged->ordinal);
    put_int2(rows, change->record.kind);
    put_text(rows, change->id, 0);
    put_bytes(rows, change->content_hash, CONTENT_HASH_BYTES);
    put_bytes(rows, change->packed, change->packed_bytes);

    struct column_value values[COLUMN_COUNT_MOST];
    size_t count = record_table_of(change->record.kind)->column_count;
    column_encode(codec, block->arena, &change->record, values);
    rows = row_begin(block, PUSH_TABLE_KINDS + change->record.kind - 1, count + 1);
    put_int4(rows, staged->ordinal);
    for (size_t i = 0; i < count; i++)
        put_value(rows, values[i]);
}

static void put_rows(struct push_block *block, size_t i, const struct column_codec *codec,
                     const char *registry)
{
    const struct batch_change *change = &block->changes[i];
    struct staged staged = {
        .change = change,
        .ordinal = block->first_ordinal + (uint32_t)i,
        .own = is_own(change, registry),
    };
    staged.has_body = staged.own && change->packed && !block->is_same[i];
    staged.has_parts = staged.has_body || (staged.own && !change->is_delete && !change->packed);
    put_change(block, &staged, registry);
    if (staged.has_parts && change->record.kind == RECORD_PARTNERSHIP)
        put_members(block, &staged, registry);
    if (staged.has_parts && change->record.kind == RECORD_ORGANISATION)
        put_keys(block, &staged);
    if (staged.has_body)
        put_body(block, &staged, codec);
}

void push_block_encode(struct push_block *block, const struct column_codec *codec, const char *registry)
{
    static const unsigned char tail[2] = {0xff, 0xff};
    for (size_t i = 0; i < block->count; i++)
        put_rows(block, i, codec, registry);
    for (unsigned i = 0; i < PUSH_TABLE_COUNT; i++)
        if (block->rows[i].size)
            text_buffer_append(&block->rows[i], tail, sizeof tail);
}
