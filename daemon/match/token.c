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

char *token_write(struct arena *arena, uint64_t hash, const struct ranked *last, const char *organisation_id)
{
    return arena_format(arena, "%016llx%u%016llx%s", (unsigned long long)hash, last->group,
                        (unsigned long long)last->billionths, organisation_id);
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
    for (int part = 0; part < SEGMENTS; part++)
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
