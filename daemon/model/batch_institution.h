#pragma once

#include "model/batch.h"

/* What an institution's token may write: offers and needs of its own organisation, and nothing else. Judged here by what is
 * sent; whose the stored records under those ids are is the store's to judge. */

/* NULL: nothing else is in the batch, whose changes are prepared. Else a sentence about the first that is; in the arena. What
 * is no record at all is left to its rejection. */
const char *batch_institution_fault(struct arena *arena, const struct batch *batch,
                                    const char *organisation_id);
