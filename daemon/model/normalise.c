#include "model/normalise.h"

#include <stddef.h>

#include "base/arena.h"
#include "base/field.h"
#include "base/text.h"
#include "model/limit.h"
#include "vocab/place.h"

/* ---- what holds for any message ---- */

static char *normalise_text(struct arena *arena, const char *field, char *text)
{
    if (text_is_plain(text)) /* as most are */
        return text;
    char *composed = text_nfc(arena, text);
    return limit_allows_newlines(field) ? text_unify_newlines(composed) : composed;
}

static void normalise_message(struct arena *arena, ProtobufCMessage *message);

static bool says_nothing(const ProtobufCMessage *part)
{
    const ProtobufCMessageDescriptor *descriptor = part->descriptor;
    for (unsigned i = 0; i < descriptor->n_fields; i++)
        if (!field_is_unset(part, &descriptor->fields[i]))
            return false;
    return descriptor != &partner__v1__geo_point__descriptor; /* nought is a place */
}

static void normalise_singular(struct arena *arena, const ProtobufCFieldDescriptor *field, void *member)
{
    if (field->type == PROTOBUF_C_TYPE_STRING) {
        char **text = member;
        *text = normalise_text(arena, field->name, *text);
    } else if (field->type == PROTOBUF_C_TYPE_MESSAGE) {
        ProtobufCMessage **part = member;
        normalise_message(arena, *part);
        if (says_nothing(*part))
            *part = NULL;
    }
}

static void normalise_list(struct arena *arena, const ProtobufCFieldDescriptor *field, void *items,
                           size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (field->type == PROTOBUF_C_TYPE_STRING)
            ((char **)items)[i] = normalise_text(arena, field->name, ((char **)items)[i]);
        else if (field->type == PROTOBUF_C_TYPE_MESSAGE)
            normalise_message(arena, ((ProtobufCMessage **)items)[i]);
    }
}

static void normalise_message(struct arena *arena, ProtobufCMessage *message)
{
    message->n_unknown_fields = 0;
    message->unknown_fields = NULL;
    for (unsigned i = 0; i < message->descriptor->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &message->descriptor->fields[i];
        if (field->type != PROTOBUF_C_TYPE_STRING && field->type != PROTOBUF_C_TYPE_MESSAGE)
            continue;
        if (field->label == PROTOBUF_C_LABEL_REPEATED)
            normalise_list(arena, field, *(void **)field_at(message, field), *field_count(message, field));
        else if (!field_is_unset(message, field))
            normalise_singular(arena, field, field_at(message, field));
    }
}

/* ---- what holds for each kind ---- */

static void normalise_country(struct arena *arena, char **country)
{
    const char *normal = country_normalise(*country);
    if (normal != *country)
        *country = arena_strdup(arena, normal);
}

static void normalise_countries(struct arena *arena, char **countries, size_t count)
{
    for (size_t i = 0; i < count; i++)
        normalise_country(arena, &countries[i]);
}

static void organisation_normalise(struct arena *arena, pb_organisation *organisation)
{
    organisation->n_same_as = 0;
    organisation->same_as = NULL;
    organisation->revision = 0;
    organisation->update_time = NULL;
    normalise_country(arena, &organisation->country);
    if (organisation->strategy)
        normalise_countries(arena, organisation->strategy->target_countries,
                            organisation->strategy->n_target_countries);
    normalise_message(arena, &organisation->base);
}

void offer_normalise(struct arena *arena, pb_offer *offer)
{
    offer->revision = 0;
    offer->update_time = NULL;
    normalise_message(arena, &offer->base);
}

void need_normalise(struct arena *arena, pb_need *need)
{
    need->revision = 0;
    need->update_time = NULL;
    normalise_countries(arena, need->countries, need->n_countries);
    normalise_message(arena, &need->base);
}

static void partnership_normalise(struct arena *arena, pb_partnership *partnership)
{
    partnership->revision = 0;
    partnership->update_time = NULL;
    normalise_message(arena, &partnership->base);
}

void record_normalise(struct arena *arena, pb_record *record)
{
    switch (record->kind_case) {
    case PARTNER__V1__RECORD__KIND_ORGANISATION:
        organisation_normalise(arena, record->organisation);
        break;
    case PARTNER__V1__RECORD__KIND_OFFER:
        offer_normalise(arena, record->offer);
        break;
    case PARTNER__V1__RECORD__KIND_NEED:
        need_normalise(arena, record->need);
        break;
    case PARTNER__V1__RECORD__KIND_PARTNERSHIP:
        partnership_normalise(arena, record->partnership);
        break;
    default:
        break;
    }
}
