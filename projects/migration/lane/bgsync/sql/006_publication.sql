-- Version 6: what the publication leaves out is known and written down, and when a
-- switch has shown a lane's rows to be equal.
SET LOCAL ROLE bgsync_owner;

-- When clean_base was set, by this database's clock. A lane of a version before has
-- none, and counts as never compared.
ALTER TABLE bgsync.lane ADD COLUMN clean_base_at timestamptz;
GRANT UPDATE (clean_base_at) ON bgsync.lane TO bgsync_verify;

-- What keeps a change of a replicated table, or of the engine's own, out of the
-- stream; no row is that all are in it. A table too many is not asked for: the lane
-- halts when it comes.
CREATE FUNCTION bgsync.unpublished() RETURNS SETOF text
  LANGUAGE sql STABLE SET search_path = ''
AS $unpublished$
  WITH pub AS (
    SELECT * FROM pg_catalog.pg_publication WHERE pubname = 'bgsync_pub'
  ), wanted AS (
    SELECT 'bgsync' AS schema, name FROM pg_catalog.unnest(ARRAY['authority', 'lane', 'chunk', 'canary', 'ddl_log']) AS name
    UNION ALL SELECT t.schema, t.name FROM bgsync.table_map t
    LEFT JOIN pg_catalog.pg_class c ON c.oid = pg_catalog.to_regclass(pg_catalog.format('%I.%I', t.schema, t.name))
    WHERE c.relkind IS DISTINCT FROM 'p'
  )
  SELECT 'does not exist' WHERE NOT EXISTS (SELECT FROM pub)
  UNION ALL SELECT 'does not publish every operation of every partition' FROM pub
    WHERE puballtables OR pubviaroot OR NOT (pubinsert AND pubupdate AND pubdelete AND pubtruncate)
  UNION ALL SELECT 'lacks ' || w.schema || '.' || w.name FROM wanted w CROSS JOIN pub
    WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_publication_rel r
      WHERE r.prpubid = pub.oid AND r.prrelid = pg_catalog.to_regclass(pg_catalog.format('%I.%I', w.schema, w.name)))
  ORDER BY 1
$unpublished$;

-- As before, and a statement after which the publication leaves something out has an
-- entry, whoever made it: what follows it may be in no stream.
CREATE OR REPLACE FUNCTION bgsync.log_ddl() RETURNS event_trigger
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = ''
AS $log$
BEGIN
  IF TG_EVENT = 'ddl_command_end' AND TG_TAG IN ('ALTER PUBLICATION', 'DROP PUBLICATION', 'DROP OWNED') THEN
    INSERT INTO bgsync.ddl_log (tag, object, role)
      SELECT TG_TAG, 'bgsync_pub', session_user WHERE EXISTS (SELECT FROM bgsync.unpublished());
    RETURN;
  END IF;
  IF EXISTS (SELECT FROM pg_catalog.pg_auth_members m
             JOIN pg_catalog.pg_roles g ON g.oid = m.roleid
             JOIN pg_catalog.pg_roles u ON u.oid = m.member
             WHERE g.rolname IN ('bgsync_ddl', 'bgsync_fence') AND u.rolname = session_user) THEN
    RETURN;
  END IF;
  IF TG_EVENT = 'sql_drop' THEN
    INSERT INTO bgsync.ddl_log (tag, object, role)
      SELECT TG_TAG, d.object_identity, session_user
      FROM pg_catalog.pg_event_trigger_dropped_objects() d
      JOIN bgsync.table_map t ON t.schema = d.schema_name AND t.name = d.object_name
      WHERE d.object_type = 'table' AND d.original;
  ELSIF TG_TAG IN ('ALTER TYPE', 'ALTER DOMAIN') THEN
    INSERT INTO bgsync.ddl_log (tag, object, role, fingerprint)
      SELECT TG_TAG, t.schema || '.' || t.name, session_user, print.now
      FROM bgsync.table_map t
      CROSS JOIN LATERAL (SELECT bgsync.fingerprint(pg_catalog.to_regclass(pg_catalog.format('%I.%I', t.schema, t.name))) AS now) print
      WHERE print.now <> t.fingerprint AND NOT EXISTS (
        SELECT FROM bgsync.schema_change c JOIN bgsync.schema_change_table s USING (id)
        WHERE c.state = 'planned' AND s.table_id = t.table_id AND s.fingerprint = print.now);
  ELSE
    INSERT INTO bgsync.ddl_log (tag, object, role, fingerprint)
      WITH RECURSIVE changed(oid, tag) AS (
        SELECT c.objid, c.command_tag FROM pg_catalog.pg_event_trigger_ddl_commands() c
        WHERE c.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND c.command_tag IN ('ALTER TABLE', 'CREATE TABLE')
        UNION SELECT i.inhrelid, changed.tag FROM changed JOIN pg_catalog.pg_inherits i ON i.inhparent = changed.oid
      )
      SELECT DISTINCT changed.tag, t.schema || '.' || t.name, session_user, bgsync.fingerprint(r.oid)
      FROM changed JOIN pg_catalog.pg_class r ON r.oid = changed.oid
      JOIN pg_catalog.pg_namespace n ON n.oid = r.relnamespace
      JOIN bgsync.table_map t ON t.schema = n.nspname AND t.name = r.relname;
  END IF;
END
$log$;
RESET ROLE;
