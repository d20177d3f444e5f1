-- The records. Lists are arrays; a list of parts is one array for each field of the part, all of the same length. A part that is
-- not there is NULL in all its columns; a date that is not stated is NULL.

CREATE TABLE registry (
    id text COLLATE "C" PRIMARY KEY CHECK (id ~ '^[a-z][a-z0-9-]{0,31}$'),
    title text NOT NULL,
    -- The last that touched it or one of its records.
    change_set bigint NOT NULL
);

-- One id stands for one record over all kinds.
CREATE TABLE record (
    id text COLLATE "C" PRIMARY KEY CHECK (id ~ '^[a-z][a-z0-9-]{0,31}/[A-Za-z0-9._:-]{1,128}$'),
    kind smallint NOT NULL CHECK (kind BETWEEN 1 AND 4),
    registry text COLLATE "C" NOT NULL GENERATED ALWAYS AS (split_part(id, '/', 1)) STORED
        REFERENCES registry,
    -- The one that wrote it last: revision and time stand with it.
    change_set bigint NOT NULL,
    -- The first bytes of the SHA-256 of the packed message: a record with the same ones is unchanged.
    content_hash bytea NOT NULL CHECK (length(content_hash) = 16),
    UNIQUE (id, kind)
);

-- Whether each start is not after its end, where both are stated.
CREATE FUNCTION dates_are_ordered(starts date[], ends date[]) RETURNS boolean
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN (SELECT coalesce(bool_and(d.s <= d.e), true) FROM unnest(starts, ends) AS d (s, e));

-- An organisation's id where it is of the same registry as the record that names it: there it has to exist. Other registries'
-- may be missing.
CREATE FUNCTION own_organisation_id(id text, organisation_id text) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN CASE WHEN split_part(id, '/', 1) = split_part(organisation_id, '/', 1) THEN organisation_id END;

CREATE TABLE organisation (
    id text COLLATE "C" PRIMARY KEY,
    kind smallint NOT NULL GENERATED ALWAYS AS (1) STORED,
    roles smallint[] NOT NULL CHECK (roles <@ '{1,2,3,4}'),
    name text NOT NULL,
    other_name_languages text[] NOT NULL,
    other_name_values text[] NOT NULL,
    country text NOT NULL,
    region text NOT NULL,
    city text NOT NULL,
    latitude double precision CHECK (latitude BETWEEN -90 AND 90),
    longitude double precision CHECK (longitude BETWEEN -180 AND 180),
    identifier_schemes text[] NOT NULL,
    identifier_values text[] NOT NULL,
    identifier_formers boolean[] NOT NULL,
    website text NOT NULL,
    sectors text[] NOT NULL,
    industry text NOT NULL,
    employees bigint NOT NULL CHECK (employees BETWEEN 0 AND 4294967295),
    languages text[] NOT NULL,
    language_levels smallint[] NOT NULL CHECK (0 <= ALL (language_levels) AND 6 >= ALL (language_levels)),
    themes smallint[] NOT NULL CHECK (themes <@ '{1,2,3,4}'),
    accreditation_code text,
    accreditation_valid_until date,
    strategy_summary text,
    strategy_url text,
    strategy_target_countries text[],
    strategy_target_sectors text[],
    strategy_priorities smallint[] CHECK (strategy_priorities <@ '{1,2,3,4}'),
    contact_name text,
    contact_email text,
    contact_phone text,
    contact_retain_until date,
    FOREIGN KEY (id, kind) REFERENCES record (id, kind) ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED,
    CHECK (cardinality(other_name_languages) = cardinality(other_name_values)),
    CHECK ((latitude IS NULL) = (longitude IS NULL)),
    CHECK (cardinality(identifier_schemes) = cardinality(identifier_values)),
    CHECK (cardinality(identifier_schemes) = cardinality(identifier_formers)),
    CHECK (cardinality(languages) = cardinality(language_levels)),
    CHECK (accreditation_code IS NOT NULL OR accreditation_valid_until IS NULL),
    CHECK (num_nulls(strategy_summary, strategy_url, strategy_target_countries, strategy_target_sectors,
                     strategy_priorities) IN (0, 5)),
    CHECK (num_nulls(contact_name, contact_email, contact_phone) IN (0, 3)),
    CHECK (contact_name IS NOT NULL OR contact_retain_until IS NULL)
);

-- The strong identifiers in use, in the spelling that is compared: each has one owner in a registry.
CREATE TABLE identifier (
    organisation_id text COLLATE "C" NOT NULL REFERENCES organisation ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED,
    registry text COLLATE "C" NOT NULL GENERATED ALWAYS AS (split_part(organisation_id, '/', 1)) STORED,
    scheme text COLLATE "C" NOT NULL CHECK (scheme IN ('oid', 'pic', 'schac', 'vat')),
    value text COLLATE "C" NOT NULL CHECK (value <> ''),
    PRIMARY KEY (registry, scheme, value)
);
CREATE INDEX identifier_organisation ON identifier (organisation_id);

CREATE TABLE offer (
    id text COLLATE "C" PRIMARY KEY,
    kind smallint NOT NULL GENERATED ALWAYS AS (2) STORED,
    organisation_id text COLLATE "C" NOT NULL,
    own_organisation_id text COLLATE "C" GENERATED ALWAYS AS (own_organisation_id(id, organisation_id)) STORED
        REFERENCES organisation DEFERRABLE INITIALLY DEFERRED,
    title text NOT NULL,
    sectors text[] NOT NULL,
    min_days integer CHECK (min_days >= 1),
    max_days integer CHECK (max_days <= 3660),
    outcome_concepts text[] NOT NULL,
    outcome_texts text[] NOT NULL,
    outcome_eqf_levels smallint[] NOT NULL CHECK (0 <= ALL (outcome_eqf_levels) AND 8 >= ALL (outcome_eqf_levels)),
    outcome_essentials boolean[] NOT NULL,
    eqf_levels smallint[] NOT NULL CHECK (1 <= ALL (eqf_levels) AND 8 >= ALL (eqf_levels)),
    languages text[] NOT NULL,
    language_levels smallint[] NOT NULL CHECK (0 <= ALL (language_levels) AND 6 >= ALL (language_levels)),
    window_starts date[] NOT NULL,
    window_ends date[] NOT NULL,
    window_places bigint[] NOT NULL CHECK (0 <= ALL (window_places) AND 4294967295 >= ALL (window_places)),
    modes smallint[] NOT NULL CHECK (modes <@ '{1,2,3}'),
    themes smallint[] NOT NULL CHECK (themes <@ '{1,2,3,4}'),
    recognition_assessment text[],
    recognition_documents text[],
    recognition_validated_by_host boolean,
    support text[] NOT NULL,
    valid_until date,
    FOREIGN KEY (id, kind) REFERENCES record (id, kind) ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED,
    CHECK ((min_days IS NULL) = (max_days IS NULL)),
    CHECK (min_days <= max_days),
    CHECK (cardinality(outcome_concepts) = cardinality(outcome_texts)),
    CHECK (cardinality(outcome_concepts) = cardinality(outcome_eqf_levels)),
    CHECK (cardinality(outcome_concepts) = cardinality(outcome_essentials)),
    CHECK (cardinality(languages) = cardinality(language_levels)),
    CHECK (cardinality(window_starts) = cardinality(window_ends)),
    CHECK (cardinality(window_starts) = cardinality(window_places)),
    CHECK (cardinality(window_starts) = 0 OR dates_are_ordered(window_starts, window_ends)),
    CHECK (num_nulls(recognition_assessment, recognition_documents, recognition_validated_by_host) IN (0, 3))
);
CREATE INDEX offer_own_organisation ON offer (own_organisation_id);

CREATE TABLE need (
    id text COLLATE "C" PRIMARY KEY,
    kind smallint NOT NULL GENERATED ALWAYS AS (3) STORED,
    organisation_id text COLLATE "C" NOT NULL,
    own_organisation_id text COLLATE "C" GENERATED ALWAYS AS (own_organisation_id(id, organisation_id)) STORED
        REFERENCES organisation DEFERRABLE INITIALLY DEFERRED,
    title text NOT NULL,
    sectors text[] NOT NULL,
    min_days integer CHECK (min_days >= 1),
    max_days integer CHECK (max_days <= 3660),
    outcome_concepts text[] NOT NULL,
    outcome_texts text[] NOT NULL,
    outcome_eqf_levels smallint[] NOT NULL CHECK (0 <= ALL (outcome_eqf_levels) AND 8 >= ALL (outcome_eqf_levels)),
    outcome_essentials boolean[] NOT NULL,
    countries text[] NOT NULL,
    regions text[] NOT NULL,
    languages text[] NOT NULL,
    language_levels smallint[] NOT NULL CHECK (0 <= ALL (language_levels) AND 6 >= ALL (language_levels)),
    eqf_level smallint NOT NULL CHECK (eqf_level BETWEEN 0 AND 8),
    period_start date,
    period_end date,
    learners bigint NOT NULL CHECK (learners BETWEEN 0 AND 4294967295),
    max_absent bigint NOT NULL CHECK (max_absent BETWEEN 0 AND 4294967295),
    themes smallint[] NOT NULL CHECK (themes <@ '{1,2,3,4}'),
    modes smallint[] NOT NULL CHECK (modes <@ '{1,2,3}'),
    valid_until date,
    FOREIGN KEY (id, kind) REFERENCES record (id, kind) ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED,
    CHECK ((min_days IS NULL) = (max_days IS NULL)),
    CHECK (min_days <= max_days),
    CHECK (cardinality(outcome_concepts) = cardinality(outcome_texts)),
    CHECK (cardinality(outcome_concepts) = cardinality(outcome_eqf_levels)),
    CHECK (cardinality(outcome_concepts) = cardinality(outcome_essentials)),
    CHECK (cardinality(languages) = cardinality(language_levels)),
    CHECK (period_start <= period_end)
);
CREATE INDEX need_own_organisation ON need (own_organisation_id);

CREATE TABLE partnership (
    id text COLLATE "C" PRIMARY KEY,
    kind smallint NOT NULL GENERATED ALWAYS AS (4) STORED,
    organisation_ids text[] NOT NULL CHECK (cardinality(organisation_ids) >= 2),
    since date,
    until date,
    sectors text[] NOT NULL,
    mobilities bigint NOT NULL CHECK (mobilities BETWEEN 0 AND 4294967295),
    FOREIGN KEY (id, kind) REFERENCES record (id, kind) ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED
);

-- A partnership's organisations of its own registry, kept by the triggers below.
CREATE TABLE partnership_member (
    partnership_id text COLLATE "C" NOT NULL REFERENCES partnership ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED,
    organisation_id text COLLATE "C" NOT NULL REFERENCES organisation DEFERRABLE INITIALLY DEFERRED,
    PRIMARY KEY (partnership_id, organisation_id)
);
CREATE INDEX partnership_member_organisation ON partnership_member (organisation_id);

CREATE FUNCTION partnership_keep_members() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' THEN
        DELETE FROM partnership_member m USING written w WHERE m.partnership_id = w.id;
    END IF;
    INSERT INTO partnership_member (partnership_id, organisation_id)
    SELECT DISTINCT w.id, o FROM written w, unnest(w.organisation_ids) AS o
    WHERE own_organisation_id(w.id, o) IS NOT NULL;
    RETURN NULL;
END
$$;
CREATE TRIGGER partnership_inserted AFTER INSERT ON partnership REFERENCING NEW TABLE AS written
    FOR EACH STATEMENT EXECUTE FUNCTION partnership_keep_members();
CREATE TRIGGER partnership_updated AFTER UPDATE ON partnership REFERENCING NEW TABLE AS written
    FOR EACH STATEMENT EXECUTE FUNCTION partnership_keep_members();
