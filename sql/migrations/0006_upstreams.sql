-- Registries that are followed from other servers, and how those servers are.

ALTER TABLE registry
    -- Of a followed one: the history and revision of the upstream up to which all is here; '', 0: nothing yet. It moves in the
    -- transaction that writes what came until there.
    ADD COLUMN upstream_epoch text NOT NULL DEFAULT '',
    ADD COLUMN upstream_revision bigint NOT NULL DEFAULT 0 CHECK (upstream_revision >= 0),
    -- When it was last known to hold all that the upstream held.
    ADD COLUMN upstream_time timestamptz,
    -- Why it doesn't follow, where that is its own trouble and not the upstream's.
    ADD COLUMN upstream_error text NOT NULL DEFAULT '';

-- As the daemon that follows it last said, for those that only show it. A row stays when the upstream leaves the settings.
CREATE TABLE upstream (
    name text COLLATE "C" PRIMARY KEY CHECK (name ~ '^[a-z][a-z0-9-]{0,31}$'),
    url text NOT NULL,
    connected boolean NOT NULL,
    -- The newest revision that it is known to have.
    newest bigint NOT NULL CHECK (newest >= 0),
    contact_time timestamptz,
    error text NOT NULL,
    -- Registries that it carries and that are not taken from it, since they are another's here.
    left_out text[] NOT NULL,
    -- Records that could not be taken, ever: by identifier, reference, id, value.
    rejected bigint[] NOT NULL CHECK (cardinality(rejected) = 4)
);
