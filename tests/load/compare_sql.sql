-- What a search over the registry needs, laid out flat for PostgreSQL: one row an offer of a host, lists as sorted arrays of
-- numbers, one GIN index over all filters. Numbers: a country or language by its letters; a language key is its number * 8 +
-- level; a sector key as compare_sql.py makes it. Organisations and slots are numbered in the order of their ids, for ties.
-- Left out because the generated registry has none: organisations in several registries, modes, ends of validity, offers without
-- sectors or duration.

CREATE EXTENSION IF NOT EXISTS intarray;
CREATE EXTENSION IF NOT EXISTS btree_gin;
SET client_min_messages = warning;
DROP SCHEMA IF EXISTS compare CASCADE;
CREATE SCHEMA compare;
SET work_mem = '512MB';
SET maintenance_work_mem = '1GB';
SET jit = off;
SET synchronous_commit = off;

CREATE FUNCTION compare.letters(code text) RETURNS integer LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN (ascii(upper(code)) - 65) * 26 + ascii(upper(substr(code, 2))) - 65;

-- Every prefix of two digits and more, and the code itself as another key.
CREATE FUNCTION compare.sector_keys(codes text[]) RETURNS integer[] LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN (SELECT array_agg(DISTINCT k ORDER BY k) FROM unnest(codes) c, LATERAL (
        SELECT (array[0, 1, 101, 1101])[n] + substr(c, 1, n)::integer AS k FROM generate_series(2, length(c)) n
        UNION ALL SELECT 20000 + (array[0, 1, 101, 1101])[length(c)] + c::integer) keys);

CREATE TABLE compare.concept AS
SELECT row_number() OVER (ORDER BY code COLLATE "C")::integer AS number, code,
       coalesce(reuse, '') AS reuse, coalesce(broader, '{}') AS broader, coalesce(related, '{}') AS related, 0::bigint AS df
FROM (SELECT DISTINCT unnest(outcome_concepts) AS code FROM offer) used
FULL JOIN (SELECT code, reuse, broader, related FROM concept WHERE scheme = :outcome_scheme) known USING (code);
CREATE UNIQUE INDEX ON compare.concept (code) INCLUDE (number);
ANALYZE compare.concept;

CREATE TABLE compare.body AS
SELECT row_number() OVER (ORDER BY id COLLATE "C")::integer AS organisation, id, compare.letters(country) AS country FROM organisation;
CREATE UNIQUE INDEX ON compare.body (organisation) INCLUDE (id, country);
CREATE UNIQUE INDEX ON compare.body (id) INCLUDE (organisation);
ANALYZE compare.body;

CREATE TABLE compare.flat AS
WITH outcome AS (
    SELECT o.id, array_agg(c.number ORDER BY c.number) AS outcomes
    FROM offer o CROSS JOIN LATERAL unnest(o.outcome_concepts) AS u (code) JOIN compare.concept c ON c.code = u.code GROUP BY o.id
), sector AS MATERIALIZED (
    SELECT sectors, compare.sector_keys(sectors) AS keys FROM (SELECT DISTINCT sectors FROM offer) s
), spoken AS MATERIALIZED (
    SELECT languages, language_levels,
           (SELECT array_agg(DISTINCT compare.letters(l) * 8 + v ORDER BY compare.letters(l) * 8 + v)
            FROM unnest(languages, language_levels) AS u (l, v)) AS keys
    FROM (SELECT DISTINCT languages, language_levels FROM offer) s
)
SELECT row_number() OVER (ORDER BY b.organisation, o.id COLLATE "C")::integer AS slot, b.organisation, o.id AS offer,
       compare.letters(h.country) AS country, sector.keys AS sector_keys, spoken.keys AS language_keys,
       o.min_days, o.max_days, outcome.outcomes,
       CASE WHEN cardinality(o.eqf_levels) = 0 THEN '{0}' ELSE o.eqf_levels::integer[] END AS eqf_levels,
       cardinality(o.window_starts) AS window_count, o.window_starts, o.window_ends, o.window_places,
       CASE WHEN cardinality(o.recognition_assessment) > 0 THEN 0.4::float8 ELSE 0 END
           + CASE WHEN o.recognition_validated_by_host THEN 0.3::float8 ELSE 0 END
           + CASE WHEN cardinality(o.recognition_documents) > 0 THEN 0.3::float8 ELSE 0 END AS recognition
FROM offer o JOIN organisation h ON h.id = o.organisation_id JOIN compare.body b ON b.id = h.id
     JOIN outcome ON outcome.id = o.id JOIN sector ON sector.sectors = o.sectors
     JOIN spoken ON spoken.languages = o.languages AND spoken.language_levels = o.language_levels
WHERE h.roles::integer[] && '{2,3,4}'::integer[]
ORDER BY 1;
CREATE INDEX flat_filters ON compare.flat
    USING gin (sector_keys gin__int_ops, language_keys gin__int_ops, country, outcomes gin__int_ops);
CREATE INDEX flat_organisation ON compare.flat (organisation);
ANALYZE compare.flat;

UPDATE compare.concept c SET df = d.df
FROM (SELECT code, count(*) AS df FROM (SELECT DISTINCT id, unnest(outcome_concepts) AS code FROM offer) o GROUP BY code) d
WHERE d.code = c.code;

CREATE TABLE compare.edge AS
SELECT a.organisation AS body, z.organisation AS other, sum(p.mobilities)::float8 AS mobilities, h.roles::integer[] && '{2,3,4}'::integer[] AS other_hosts
FROM partnership p CROSS JOIN LATERAL unnest(p.organisation_ids) AS u (a) CROSS JOIN LATERAL unnest(p.organisation_ids) AS v (z)
     JOIN compare.body a ON a.id = u.a JOIN compare.body z ON z.id = v.z JOIN organisation h ON h.id = v.z
WHERE u.a <> v.z AND coalesce(p.since <= current_date, true) AND coalesce(p.until >= current_date, true)
GROUP BY 1, 2, 4;
CREATE UNIQUE INDEX ON compare.edge (body, other) INCLUDE (mobilities);
CREATE INDEX edge_hosts ON compare.edge (body) INCLUDE (other, mobilities) WHERE other_hosts;
CREATE TABLE compare.degree AS SELECT body, count(*)::float8 AS degree FROM compare.edge GROUP BY body;
CREATE UNIQUE INDEX ON compare.degree (body) INCLUDE (degree);
VACUUM ANALYZE;
