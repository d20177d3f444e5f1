-- Who may do what: tokens, and what follows from them for registries and records.

CREATE TABLE token (
    id text COLLATE "C" PRIMARY KEY CHECK (id ~ '^[A-Za-z0-9]{1,32}$'),
    -- The order of making.
    number bigint NOT NULL GENERATED ALWAYS AS IDENTITY UNIQUE,
    title text NOT NULL,
    -- partner.v1.Access: 1 reader, 2 institution, 3 agency, 4 admin
    access smallint NOT NULL CHECK (access BETWEEN 1 AND 4),
    -- An institution's organisation, an agency's registry.
    scope text COLLATE "C" NOT NULL,
    -- SHA-256. The secret has 256 random bits, so that a slow hash would add nothing.
    secret_hash bytea NOT NULL UNIQUE CHECK (length(secret_hash) = 32),
    create_time timestamptz NOT NULL,
    expire_time timestamptz,
    -- About: written late, and once a minute at most.
    last_use_time timestamptz,
    -- A token stays in the table, since the log and the audit name it.
    revoked boolean NOT NULL DEFAULT false,
    CHECK (CASE access
               WHEN 2 THEN scope ~ '^[a-z][a-z0-9-]{0,31}/[A-Za-z0-9._:-]{1,128}$'
               WHEN 3 THEN scope ~ '^[a-z][a-z0-9-]{0,31}$'
               ELSE scope = ''
           END)
);

-- Moves with every change to the tokens, whoever makes it: daemons read them anew then. NOTIFY is a hint, so that they need
-- not wait for their next look.
CREATE TABLE token_line (
    one boolean PRIMARY KEY DEFAULT true CHECK (one),
    version bigint NOT NULL
);
INSERT INTO token_line (version) VALUES (0);

CREATE FUNCTION token_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE token_line SET version = version + 1;
    PERFORM pg_notify('partnerd_token', '');
    RETURN NULL;
END
$$;
CREATE TRIGGER token_changed
    AFTER INSERT OR DELETE OR TRUNCATE OR UPDATE OF id, title, access, scope, secret_hash, expire_time, revoked ON token
    FOR EACH STATEMENT EXECUTE FUNCTION token_changed();

-- The server that a registry is followed from, which makes it read-only here; '': this server owns it.
ALTER TABLE registry ADD COLUMN upstream text NOT NULL DEFAULT '';

-- Last written by an institution's token: an agency's full push leaves such offers and needs alone.
ALTER TABLE record ADD COLUMN by_institution boolean NOT NULL DEFAULT false,
    ADD CHECK (NOT by_institution OR kind IN (2, 3));
