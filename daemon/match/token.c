#include "match/token.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/hash.h"
#include "base/packer.h"
#include "match/index_data.h"
#include "model/record.h"

enum { HEX_DIGITS = 16, ID_AT = HEX_DIGITS + 1 + HEX_DIGITS };

uint64_t token_hash_message(struct arena *arena, const ProtobufCMessage *message)
{
    struct packer packer = packer_of(arena);
    packer_put_message(&packer, message);
    return hash_bytes(packer_bytes(&packer), packer_size(&packer));
}

static uint64_t hash_need(struct arena *arena, const struct match_question *question)
{
    if (question->need_id && *question->need_id)
        return hash_text(question->need_id);
    pb_need need = *question->need;
    need.revision = 0;
    need.update_time = NULL;
    return token_hash_message(arena, &need.base);
}

uint64_t token_hash(struct arena *arena, const struct match_question *question)
{
    Partner__V1__Weights none = PARTNER__V1__WEIGHTS__INIT;
    const uint64_t parts[] = {
        hash_need(arena, question),
        hash_text(question->sender_id ? question->sender_id : ""),
        (uint64_t)question->network,
        token_hash_message(arena, question->weights ? &question->weights->base : &none.base),
        (uint64_t)question->view,
        question->need_id && *question->need_id,
        question->facets,
    };
    return hash_bytes(parts, sizeof parts);
}

static void write_hex(char *text, uint64_t number)
{
    for (int i = HEX_DIGITS; i-- > 0; number >>= 4)
        text[i] = "0123456789abcdef"[number & 15];
}

char *token_write(struct arena *arena, uint64_t hash, const struct ranked *last, const char *organisation_id)
{
    size_t id_bytes = strlen(organisation_id) + 1;
    char *text = arena_alloc(arena, ID_AT + id_bytes);
    write_hex(text, hash);
    text[HEX_DIGITS] = (char)('0' + last->group);
    write_hex(text + HEX_DIGITS + 1, (uint64_t)last->billionths);
    memcpy(text + ID_AT, organisation_id, id_bytes);
    return text;
}

static bool read_hex(const char *text, uint64_t *ret_number)
{
    uint64_t number = 0;
    for (int i = 0; i < HEX_DIGITS; i++) {
        const char *digit = text[i] ? strchr("0123456789abcdef", text[i]) : NULL;
        if (!digit)
            return false;
        number = number << 4 | (uint64_t)strtoul((const char[]){*digit, '\0'}, NULL, 16);
    }
    *ret_number = number;
    return true;
}

static uint32_t place_after(const struct segment *segment, const char *id)
{
    uint32_t low = 0, high = segment->organisation_count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (strcmp(segment->organisations[middle]->entry.id, id) <= 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

bool token_read(const char *text, uint64_t hash, const struct match_index *index, struct token *ret_token)
{
    uint64_t own, billionths;
    if (strlen(text) <= ID_AT || !read_hex(text, &own) || !read_hex(text + HEX_DIGITS + 1, &billionths))
        return false;
    char group = text[HEX_DIGITS];
    if (own != hash || (group != '0' && group != '1') || !id_is_valid(text + ID_AT))
        return false;
    *ret_token = (struct token){(uint32_t)(group - '0'), (int64_t)billionths, text + ID_AT, {0}};
    for (int part = BASE; part < index->segment_count; part++)
        ret_token->places[part] = place_after(index->segments[part], text + ID_AT);
    return true;
}

bool token_is_before(const struct token *token, const struct ranked *ranked)
{
    if (token->group != ranked->group)
        return token->group < ranked->group;
    if (token->billionths != ranked->billionths)
        return token->billionths > ranked->billionths;
    return token->places[ranked->part] <= ranked->place;
}
