-- Where a push gathers what was sent, and how it is judged there: temporary tables and functions of one connection. They come
-- with the program and not with the schema, so that daemons of two versions can work on one database. What a judgement has to
-- be is said in model/batch.h, for all writes alike; this is the same for sets that no memory need hold.

-- Every change, by its place in the stream. push_compare leaves of each id the first alone.
CREATE TEMP TABLE push_change (
    ordinal integer NOT NULL,
    id text COLLATE "C" NOT NULL,
    -- 0: a delete.
    kind smallint NOT NULL,
    -- The id is well-formed, and the registry's.
    own boolean NOT NULL,
    -- It was not the same as the stored one when it came, so that its rows are in the other tables.
    has_body boolean NOT NULL,
    hash bytea,
    -- An offer's or a need's, where it is of the registry.
    organisation_id text COLLATE "C",
    -- What is wrong with it by itself, and the place of that field in its record.
    field text,
    reason text,
    place integer
);

-- A partnership's organisations of its registry; their places in it.
CREATE TEMP TABLE push_member (ordinal integer NOT NULL, position integer NOT NULL, organisation_id text COLLATE "C" NOT NULL);

-- An organisation's strong identifiers, each once.
CREATE TEMP TABLE push_key (
    ordinal integer NOT NULL,
    position integer NOT NULL,
    id text COLLATE "C" NOT NULL,
    scheme text COLLATE "C" NOT NULL,
    value text COLLATE "C" NOT NULL
);

CREATE TEMP TABLE push_body (
    ordinal integer NOT NULL,
    kind smallint NOT NULL,
    id text COLLATE "C" NOT NULL,
    hash bytea NOT NULL,
    packed bytea NOT NULL
);

-- ---- what is found out ----

-- Stored records that the push has to do with; all but those that were sent as they are. ordinal NULL: not sent.
CREATE TEMP TABLE push_stored (
    ordinal integer,
    id text COLLATE "C" NOT NULL,
    kind smallint NOT NULL,
    sent_kind smallint,
    has_body boolean,
    same boolean,
    by_institution boolean NOT NULL
);

-- Rejections, one a change. Those that are not fixed hang on the fate of others, and are found anew in each round.
CREATE TEMP TABLE push_fault (
    ordinal integer NOT NULL,
    id text COLLATE "C" NOT NULL,
    field text NOT NULL,
    reason text NOT NULL,
    fixed boolean NOT NULL,
    place integer
);

-- Identifiers that more than one organisation wants. keeps: the stored owner has it at the end, whatever happens.
CREATE TEMP TABLE push_contest (
    ordinal integer NOT NULL,
    position integer NOT NULL,
    id text COLLATE "C" NOT NULL,
    scheme text COLLATE "C" NOT NULL,
    value text COLLATE "C" NOT NULL,
    owner text COLLATE "C",
    keeps boolean NOT NULL
);
CREATE INDEX ON push_contest (ordinal);
CREATE TEMP TABLE push_taken (
    scheme text COLLATE "C",
    value text COLLATE "C",
    ordinal integer NOT NULL,
    id text COLLATE "C" NOT NULL,
    PRIMARY KEY (scheme, value)
);
-- Stored organisations that are known to keep what they have.
CREATE TEMP TABLE push_stay (id text COLLATE "C" PRIMARY KEY);

-- What is deleted. exempt: not sent, and an institution's, which goes with its organisation alone.
CREATE TEMP TABLE push_gone (
    ordinal integer NOT NULL,
    id text COLLATE "C" NOT NULL,
    kind smallint NOT NULL,
    exempt boolean NOT NULL
);
-- Not to be written, as it was rejected or is the same; to be written over a stored record. All others are new.
CREATE TEMP TABLE push_skip (ordinal integer NOT NULL);
CREATE TEMP TABLE push_update (ordinal integer NOT NULL, id text COLLATE "C" NOT NULL, kind smallint NOT NULL);

CREATE TEMP VIEW push_reference AS
    SELECT ordinal, id, kind, has_body, 0 AS position, organisation_id FROM push_change WHERE organisation_id IS NOT NULL
    UNION ALL
    SELECT c.ordinal, c.id, c.kind, c.has_body, m.position, m.organisation_id FROM push_member m JOIN push_change c USING (ordinal);

CREATE FUNCTION pg_temp.push_kind_name(kind smallint) RETURNS text LANGUAGE sql IMMUTABLE
    RETURN ('{organisation,offer,need,partnership}'::text[])[kind];

-- ---- first: each change against what is stored ----

-- is_stale: the registry was written to since the push began. True: what was sent as it was stored has changed since, so that its
-- rows would be needed and are not there.
CREATE FUNCTION pg_temp.push_compare(registry text, is_full boolean, is_stale boolean) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO push_fault SELECT ordinal, id, field, reason, true FROM push_change WHERE NOT own;
    INSERT INTO push_fault
        SELECT c.ordinal, c.id, CASE c.kind WHEN 0 THEN 'delete_id' ELSE pg_temp.push_kind_name(c.kind) || '.id' END,
               'change ' || twice.first || ' has the same id', true
        FROM push_change c
        JOIN (SELECT id, min(ordinal) AS first FROM push_change WHERE own GROUP BY id HAVING count(*) > 1) twice USING (id)
        WHERE c.own AND c.ordinal > twice.first;
    IF EXISTS (SELECT FROM push_fault) THEN
        DELETE FROM push_change c USING push_fault f WHERE c.ordinal = f.ordinal;
    END IF;
    ANALYZE push_change;
    IF is_full THEN
        INSERT INTO push_stored
            SELECT c.ordinal, r.id, r.kind, c.kind, c.has_body, c.hash = r.content_hash, r.by_institution
            FROM record r LEFT JOIN push_change c ON c.id = r.id
            WHERE r.id >= push_compare.registry || '/' AND r.id < push_compare.registry || '0'
            AND (c.ordinal IS NULL OR c.has_body OR c.kind <> r.kind OR c.hash IS DISTINCT FROM r.content_hash);
    ELSE
        INSERT INTO push_stored
            SELECT c.ordinal, r.id, r.kind, c.kind, c.has_body, c.hash = r.content_hash, r.by_institution
            FROM record r JOIN push_change c ON c.id = r.id
            WHERE r.id >= push_compare.registry || '/' AND r.id < push_compare.registry || '0'
            AND (c.has_body OR c.kind <> r.kind OR c.hash IS DISTINCT FROM r.content_hash);
    END IF;
    IF is_stale AND EXISTS (
        SELECT FROM push_change c LEFT JOIN record r ON r.id = c.id AND r.kind = c.kind AND r.content_hash = c.hash
        WHERE c.kind <> 0 AND NOT c.has_body AND c.reason IS NULL AND r.id IS NULL) THEN
        RETURN true;
    END IF;
    INSERT INTO push_fault
        SELECT ordinal, id, pg_temp.push_kind_name(sent_kind) || '.id',
               'id stands for a record of kind ' || pg_temp.push_kind_name(kind), true
        FROM push_stored WHERE sent_kind <> 0 AND sent_kind <> kind;
    INSERT INTO push_fault
        SELECT c.ordinal, c.id, c.field, c.reason, true, c.place FROM push_change c
        WHERE c.reason IS NOT NULL AND NOT EXISTS (SELECT FROM push_fault f WHERE f.ordinal = c.ordinal);
    RETURN false;
END
$$;

-- ---- second: the changes against each other ----

-- Who wants an identifier that another one wants too.
CREATE FUNCTION pg_temp.push_find_contests(registry text, is_full boolean) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO push_contest
        SELECT k.ordinal, k.position, k.id, k.scheme, k.value, o.organisation_id,
               o.organisation_id IS NOT NULL AND CASE
                   WHEN c.ordinal IS NULL THEN NOT is_full
                   ELSE c.kind <> 0 AND (f.ordinal IS NOT NULL OR NOT c.has_body OR own.ordinal IS NOT NULL) END
        FROM push_key k
        LEFT JOIN identifier o ON o.registry = push_find_contests.registry AND o.scheme = k.scheme AND o.value = k.value
            AND o.organisation_id <> k.id
        LEFT JOIN (SELECT scheme, value FROM push_key GROUP BY 1, 2 HAVING min(ordinal) < max(ordinal)) twice
            ON twice.scheme = k.scheme AND twice.value = k.value
        LEFT JOIN push_change c ON c.id = o.organisation_id
        LEFT JOIN push_fault f ON f.ordinal = c.ordinal AND f.fixed
        LEFT JOIN push_key own ON own.ordinal = c.ordinal AND own.scheme = k.scheme AND own.value = k.value
        WHERE o.organisation_id IS NOT NULL OR twice.scheme IS NOT NULL;
    ANALYZE push_contest;
    RETURN EXISTS (SELECT FROM push_contest);
END
$$;

-- The other organisation that has one of its identifiers, as this round goes. Asked for one after the other: along the keys, whatever
-- the session plans else.
CREATE FUNCTION pg_temp.push_holder(place integer, all_stay boolean, OUT scheme text, OUT holder text) LANGUAGE plpgsql STABLE
    SET enable_nestloop = on SET enable_hashjoin = off SET enable_mergejoin = off SET enable_seqscan = off AS $$
BEGIN
    SELECT t.scheme, CASE WHEN t.keeps OR s.id IS NOT NULL OR all_stay AND t.owner IS NOT NULL THEN t.owner ELSE k.id END
    INTO scheme, holder
    FROM push_contest t
    LEFT JOIN push_stay s ON s.id = t.owner
    LEFT JOIN push_taken k ON k.scheme = t.scheme AND k.value = t.value AND k.ordinal < t.ordinal
    WHERE t.ordinal = push_holder.place
    AND (t.keeps OR s.id IS NOT NULL OR all_stay AND t.owner IS NOT NULL OR k.id IS NOT NULL)
    ORDER BY t.position LIMIT 1;
END
$$;

CREATE FUNCTION pg_temp.push_judge_identifiers(all_stay boolean) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    wanting record;
    held record;
BEGIN
    TRUNCATE push_taken;
    FOR wanting IN SELECT DISTINCT t.ordinal, t.id FROM push_contest t
        WHERE NOT EXISTS (SELECT FROM push_fault f WHERE f.ordinal = t.ordinal) ORDER BY t.ordinal
    LOOP
        SELECT h.scheme, h.holder INTO held FROM pg_temp.push_holder(wanting.ordinal, all_stay) h;
        IF held.holder IS NOT NULL THEN
            INSERT INTO push_fault VALUES (wanting.ordinal, wanting.id, 'organisation.identifiers',
                'identifiers shares its ' || held.scheme || ' with ' || held.holder, false);
        ELSE
            INSERT INTO push_taken SELECT t.scheme, t.value, t.ordinal, t.id FROM push_contest t
                WHERE t.ordinal = wanting.ordinal ON CONFLICT DO NOTHING;
        END IF;
    END LOOP;
END
$$;

-- Of each record the first organisation that it names and that is not there at the end, deletes aside; or that is rejected, where
-- the record is new.
CREATE FUNCTION pg_temp.push_broken_references(registry text)
    RETURNS TABLE (ordinal integer, id text, kind smallint, field text, reason text) LANGUAGE plpgsql AS $$
BEGIN
    RETURN QUERY
        WITH landing AS (
            SELECT o.id FROM push_change o WHERE o.kind = 1 AND NOT EXISTS (SELECT FROM push_fault f WHERE f.ordinal = o.ordinal)
        ), broken AS (
            SELECT r.*, CASE r.kind WHEN 4 THEN 'organisation_ids[' || r.position || ']' ELSE 'organisation_id' END AS part,
                   CASE WHEN o.ordinal IS NOT NULL AND t.ordinal IS NULL THEN 'is rejected' ELSE 'isn''t there' END AS fate
            FROM (SELECT * FROM push_reference r WHERE NOT EXISTS (SELECT FROM landing l WHERE l.id = r.organisation_id)) r
            LEFT JOIN record s ON s.id = r.organisation_id
                AND s.id >= push_broken_references.registry || '/' AND s.id < push_broken_references.registry || '0'
            LEFT JOIN push_change o ON o.id = r.organisation_id AND o.kind = 1
            LEFT JOIN push_stored t ON t.ordinal = r.ordinal
            WHERE s.kind IS DISTINCT FROM 1 OR (o.ordinal IS NOT NULL AND t.ordinal IS NULL)
        )
        SELECT DISTINCT ON (b.ordinal) b.ordinal, b.id, b.kind, pg_temp.push_kind_name(b.kind) || '.' || b.part,
               b.part || ' names an organisation that ' || b.fate || ': ' || b.organisation_id
        FROM broken b ORDER BY b.ordinal, b.position;
END
$$;

-- Deletes of organisations that a record names which stays or lands.
CREATE FUNCTION pg_temp.push_judge_deletes(is_full boolean) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO push_fault
        WITH stored AS (
            SELECT n.own_organisation_id AS organisation_id, n.id FROM offer n JOIN push_gone g ON g.id = n.own_organisation_id
            UNION ALL
            SELECT n.own_organisation_id, n.id FROM need n JOIN push_gone g ON g.id = n.own_organisation_id
            UNION ALL
            SELECT n.organisation_id, n.partnership_id FROM partnership_member n JOIN push_gone g ON g.id = n.organisation_id
        ), named AS (
            SELECT r.organisation_id, r.id FROM push_reference r
            WHERE r.has_body AND NOT EXISTS (SELECT FROM push_fault f WHERE f.ordinal = r.ordinal)
            UNION ALL
            SELECT n.organisation_id, n.id FROM stored n
            LEFT JOIN push_change c ON c.id = n.id
            LEFT JOIN push_fault f ON f.ordinal = c.ordinal
            WHERE CASE WHEN c.ordinal IS NULL THEN NOT is_full
                  ELSE f.ordinal IS NOT NULL OR (c.kind <> 0 AND NOT c.has_body) END
        )
        SELECT DISTINCT ON (g.ordinal) g.ordinal, g.id, 'delete_id', 'delete_id is still named by ' || n.id, false
        FROM push_gone g JOIN named n ON n.organisation_id = g.id WHERE g.kind = 1 ORDER BY g.ordinal, n.id;
END
$$;

-- A record that is bad by itself may have a fault towards others in a field before that one. The numbers are the fields' places.
CREATE FUNCTION pg_temp.push_find_earlier_faults(registry text, all_stay boolean) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM push_fault WHERE fixed AND place > 1) THEN
        RETURN;
    END IF;
    UPDATE push_fault f SET field = b.field, reason = b.reason
        FROM pg_temp.push_broken_references(push_find_earlier_faults.registry) b
        WHERE f.ordinal = b.ordinal AND f.fixed AND f.place > 1;
    UPDATE push_fault f SET field = 'organisation.identifiers', reason = 'identifiers shares its ' || h.scheme || ' with ' || h.holder
        FROM (SELECT DISTINCT t.ordinal FROM push_contest t) t,
             LATERAL pg_temp.push_holder(t.ordinal, all_stay) h
        WHERE f.ordinal = t.ordinal AND f.fixed AND f.place > 8 AND h.holder IS NOT NULL;
END
$$;

-- As in model/batch_judge.c: rounds, each in the belief that every stored organisation lets its identifiers go but those known
-- to stay.
CREATE FUNCTION pg_temp.push_judge(registry text, is_full boolean, change_count integer) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    contested boolean := pg_temp.push_find_contests(registry, is_full);
    all_stay boolean := false;
    round integer := 1;
BEGIN
    INSERT INTO push_gone
        SELECT coalesce(s.ordinal, change_count - 1 + row_number() OVER (PARTITION BY s.ordinal IS NULL ORDER BY s.id)), s.id, s.kind,
               s.ordinal IS NULL AND s.by_institution
        FROM push_stored s WHERE s.ordinal IS NULL OR s.sent_kind = 0;
    ANALYZE push_gone;
    LOOP
        DELETE FROM push_fault WHERE NOT fixed;
        IF contested THEN
            PERFORM pg_temp.push_judge_identifiers(all_stay);
        END IF;
        INSERT INTO push_fault
            SELECT b.ordinal, b.id, b.field, b.reason, false FROM pg_temp.push_broken_references(push_judge.registry) b
            WHERE NOT EXISTS (SELECT FROM push_fault f WHERE f.ordinal = b.ordinal);
        IF EXISTS (SELECT FROM push_gone WHERE kind = 1) THEN
            PERFORM pg_temp.push_judge_deletes(is_full);
        END IF;
        EXIT WHEN NOT contested;
        INSERT INTO push_stay
            SELECT s.id FROM push_fault f JOIN push_stored s ON s.id = f.id WHERE NOT f.fixed AND s.kind = 1
            ON CONFLICT DO NOTHING;
        EXIT WHEN NOT FOUND;
        all_stay := round >= 8;
        round := round + 1;
    END LOOP;
    PERFORM pg_temp.push_find_earlier_faults(registry, all_stay);
END
$$;

-- ---- third: what comes of it ----

CREATE FUNCTION pg_temp.push_count(registry text, is_full boolean, change_count integer, OUT rejected bigint, OUT rejected_sent bigint,
    OUT created bigint, OUT updated bigint, OUT deleted bigint, OUT deleted_sent bigint, OUT records_before bigint)
    LANGUAGE plpgsql AS $$
DECLARE
    kept bigint := 0;
BEGIN
    DELETE FROM push_gone g USING push_fault f WHERE g.ordinal = f.ordinal;
    DELETE FROM push_gone g WHERE g.exempt AND NOT EXISTS (
        SELECT FROM (SELECT n.id, n.own_organisation_id FROM offer n UNION ALL SELECT n.id, n.own_organisation_id FROM need n) n
        JOIN push_gone o ON o.id = n.own_organisation_id AND o.kind = 1 WHERE n.id = g.id);
    GET DIAGNOSTICS kept = ROW_COUNT;
    INSERT INTO push_skip SELECT f.ordinal FROM push_fault f;
    INSERT INTO push_skip SELECT s.ordinal FROM push_stored s
        WHERE s.has_body AND s.same AND NOT EXISTS (SELECT FROM push_fault f WHERE f.ordinal = s.ordinal);
    INSERT INTO push_update SELECT s.ordinal, s.id, s.kind FROM push_stored s
        WHERE s.has_body AND NOT s.same AND NOT EXISTS (SELECT FROM push_fault f WHERE f.ordinal = s.ordinal);
    GET DIAGNOSTICS updated = ROW_COUNT;
    ANALYZE push_skip;
    ANALYZE push_update;
    ANALYZE push_gone;
    SELECT count(*), count(*) FILTER (WHERE f.ordinal < change_count) INTO rejected, rejected_sent FROM push_fault f;
    SELECT count(*), count(*) FILTER (WHERE g.ordinal < change_count) INTO deleted, deleted_sent FROM push_gone g;
    SELECT count(*) INTO created FROM push_change c WHERE c.has_body
        AND NOT EXISTS (SELECT FROM push_skip s WHERE s.ordinal = c.ordinal)
        AND NOT EXISTS (SELECT FROM push_update u WHERE u.ordinal = c.ordinal);
    records_before := 0;
    IF is_full AND deleted > 0 THEN
        SELECT count(*) - kept INTO records_before FROM record r
            WHERE r.id >= push_count.registry || '/' AND r.id < push_count.registry || '0';
    END IF;
END
$$;
