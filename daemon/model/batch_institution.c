#include "model/batch_institution.h"

#include "base/arena.h"
#include "base/text.h"

/* The organisation whose record it is; NULL: of kinds that are the agency's to write. */
static const char *owner_of(const struct record *record)
{
    switch (record->kind) {
    case RECORD_OFFER:
        return record->offer->organisation_id;
    case RECORD_NEED:
        return record->need->organisation_id;
    default:
        return NULL;
    }
}

static bool is_allowed(const struct batch_change *change, const char *organisation_id)
{
    if (change->is_delete || change->record.kind == RECORD_NONE)
        return true;
    const char *owner = owner_of(&change->record);
    if (!owner)
        return false;
    return text_equal(owner, organisation_id) || (change->reject_reason && !id_is_valid(owner));
}

const char *batch_institution_fault(struct arena *arena, const struct batch *batch,
                                    const char *organisation_id)
{
    for (size_t i = 0; i < batch->count; i++) {
        const struct batch_change *change = &batch->changes[i];
        if (!is_allowed(change, organisation_id))
            return arena_format(arena,
                                "the token writes offers and needs of %s alone; change %zu is another record",
                                organisation_id, i);
    }
    return NULL;
}
