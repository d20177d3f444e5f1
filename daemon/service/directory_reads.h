#pragma once

#include "service/read.h"

/* The registry's reads: GetOrganisation, ListOrganisations, ListRegistries. */
extern const struct read_method get_organisation_read;
extern const struct read_method list_organisations_read;
extern const struct read_method list_registries_read;
