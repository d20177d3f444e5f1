-- The words that records and needs are written in. Schemes have the numbers of partner.v1.Scheme.

CREATE TABLE vocabulary (
    scheme smallint NOT NULL CHECK (scheme BETWEEN 1 AND 7),
    name text COLLATE "C" NOT NULL CHECK (name <> ''),
    version text NOT NULL CHECK (version ~ '^[^ ]+$'),
    -- SHA-256 of the file that the program brought along; NULL: somebody loaded it, and the program leaves it alone.
    seed bytea,
    PRIMARY KEY (scheme, name)
);

CREATE TABLE concept (
    scheme smallint NOT NULL,
    code text COLLATE "C" NOT NULL CHECK (code <> ''),
    vocabulary text COLLATE "C" NOT NULL,
    reuse text NOT NULL,
    -- Codes, also of what is not there.
    broader text[] NOT NULL,
    related text[] NOT NULL,
    sectors text[] NOT NULL,
    -- Of all this: a concept with the same one is unchanged.
    content_hash bytea NOT NULL CHECK (length(content_hash) = 16),
    PRIMARY KEY (scheme, code),
    FOREIGN KEY (scheme, vocabulary) REFERENCES vocabulary (scheme, name)
);

CREATE TABLE concept_words (
    scheme smallint NOT NULL,
    code text COLLATE "C" NOT NULL,
    language text COLLATE "C" NOT NULL CHECK (language <> ''),
    label text NOT NULL,
    other_labels text[] NOT NULL,
    description text NOT NULL,
    content_hash bytea NOT NULL CHECK (length(content_hash) = 16),
    PRIMARY KEY (scheme, code, language),
    FOREIGN KEY (scheme, code) REFERENCES concept (scheme, code) ON DELETE CASCADE
);
