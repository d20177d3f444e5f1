-- The check of an offer's windows, called for each row that is written. In SQL it was parsed and planned anew by each statement, which
-- took half the time of writing an offer; a plan of PL/pgSQL stays with the connection.
CREATE OR REPLACE FUNCTION dates_are_ordered(starts date[], ends date[]) RETURNS boolean
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
BEGIN
    FOR i IN 1 .. cardinality(starts) LOOP
        IF starts[i] > ends[i] THEN
            RETURN false;
        END IF;
    END LOOP;
    RETURN true;
END
$$;
