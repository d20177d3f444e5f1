-- One revision line for all that changes. A transaction marks what it writes with a change set, a number that only has to be
-- unique; as its last act it takes the next revision for that change set, by updating the one row of revision_line. That row's
-- lock is held to the end of the transaction, so revisions follow the order of commit and have no gaps, and it is held for a
-- moment only, however much was written.

CREATE TABLE revision_line (
    one boolean PRIMARY KEY DEFAULT true CHECK (one),
    newest bigint NOT NULL CHECK (newest >= 0),
    -- The change log holds every revision after this one.
    trimmed bigint NOT NULL CHECK (trimmed BETWEEN 0 AND newest),
    -- Names this database's history: a revision means something together with it alone.
    epoch text NOT NULL CHECK (epoch <> '')
);
INSERT INTO revision_line (newest, trimmed, epoch) VALUES (0, 0, gen_random_uuid()::text);

CREATE SEQUENCE change_set AS bigint;

-- A row stays as long as a record or a registry has its change set, though its log be trimmed.
CREATE TABLE revision (
    revision bigint PRIMARY KEY CHECK (revision > 0),
    change_set bigint NOT NULL UNIQUE,
    time timestamptz NOT NULL,
    change_count integer NOT NULL CHECK (change_count > 0),
    -- Has a change to a vocabulary: whoever follows reads the concepts anew.
    vocabulary boolean NOT NULL
);

CREATE TABLE change_log (
    change_set bigint NOT NULL,
    ordinal integer NOT NULL CHECK (ordinal >= 0),
    -- 1 organisation, 2 offer, 3 need, 4 partnership, 10 registry, 11 vocabulary
    kind smallint NOT NULL CHECK (kind IN (1, 2, 3, 4, 10, 11)),
    -- Of a vocabulary its scheme's number, a blank and its name.
    id text COLLATE "C" NOT NULL,
    -- The message after the change; NULL: deleted, or a vocabulary.
    message bytea,
    PRIMARY KEY (change_set, ordinal)
);

-- Answers that a repeated request gets again.
CREATE TABLE request (
    -- A registry or a caller.
    scope text COLLATE "C" NOT NULL,
    method text COLLATE "C" NOT NULL,
    request_id text COLLATE "C" NOT NULL CHECK (request_id ~ '^[ -~]{1,64}$'),
    -- SHA-256 of the request's content.
    hash bytea NOT NULL CHECK (length(hash) = 32),
    answer bytea NOT NULL,
    time timestamptz NOT NULL,
    PRIMARY KEY (scope, method, request_id)
);
CREATE INDEX request_time ON request (time);
