-- How long the change log is, how much of it is still to be removed, and where its history was made.

ALTER TABLE revision_line
    -- Of all revisions so far.
    ADD COLUMN changes bigint NOT NULL DEFAULT 0,
    -- The server, database and timeline that the epoch stands for; '': not noted yet.
    ADD COLUMN place text NOT NULL DEFAULT '';

-- The changes of all revisions up to this one.
ALTER TABLE revision ADD COLUMN total bigint NOT NULL DEFAULT 0;
UPDATE revision r SET total = t.total
    FROM (SELECT revision, sum(change_count) OVER (ORDER BY revision) AS total FROM revision) t
    WHERE t.revision = r.revision;
UPDATE revision_line SET changes = coalesce((SELECT max(total) FROM revision), 0);

-- Rows of the log go after revision_line.trimmed has passed them, some at a time: all up to `emptied` are gone.
CREATE TABLE log_trim (
    one boolean PRIMARY KEY DEFAULT true CHECK (one),
    emptied bigint NOT NULL CHECK (emptied >= 0)
);
INSERT INTO log_trim (emptied) VALUES (0);

-- Changes with whatever may give an older state of the same records: a dump restored into another database or server, a copy,
-- a recovery to a point in time, a standby that has taken over. NULL on a standby.
CREATE FUNCTION database_place() RETURNS text LANGUAGE sql STABLE
    RETURN CASE WHEN NOT pg_is_in_recovery() THEN
        (SELECT system_identifier FROM pg_control_system()) || '/'
        || (SELECT oid FROM pg_database WHERE datname = current_database()) || '/'
        || substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8) END;
