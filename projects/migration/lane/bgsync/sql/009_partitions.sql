-- Version 9: a partition, or a table that inherits, is a part of a replicated table to
-- all who write to that. One that the publication lacks keeps rows out of the stream.
SET LOCAL ROLE bgsync_owner;

-- As before, and parts of replicated tables that nobody has listed.
CREATE OR REPLACE FUNCTION bgsync.unpublished() RETURNS SETOF text
  LANGUAGE sql STABLE SET search_path = ''
AS $unpublished$
  WITH RECURSIVE pub AS (
    SELECT * FROM pg_catalog.pg_publication WHERE pubname = 'bgsync_pub'
  ), wanted AS (
    SELECT 'bgsync' AS schema, name FROM pg_catalog.unnest(ARRAY['authority', 'lane', 'chunk', 'canary', 'ddl_log']) AS name
    UNION ALL SELECT t.schema, t.name FROM bgsync.table_map t
    LEFT JOIN pg_catalog.pg_class c ON c.oid = pg_catalog.to_regclass(pg_catalog.format('%I.%I', t.schema, t.name))
    WHERE c.relkind IS DISTINCT FROM 'p'
  ), part(oid) AS (
    SELECT i.inhrelid FROM pg_catalog.pg_inherits i JOIN bgsync.table_map t
      ON i.inhparent = pg_catalog.to_regclass(pg_catalog.format('%I.%I', t.schema, t.name))
    UNION SELECT i.inhrelid FROM part p JOIN pg_catalog.pg_inherits i ON i.inhparent = p.oid
  )
  SELECT 'does not exist' WHERE NOT EXISTS (SELECT FROM pub)
  UNION ALL SELECT 'does not publish every operation of every partition' FROM pub
    WHERE puballtables OR pubviaroot OR NOT (pubinsert AND pubupdate AND pubdelete AND pubtruncate)
  UNION ALL SELECT 'lacks ' || w.schema || '.' || w.name FROM wanted w CROSS JOIN pub
    WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_publication_rel r
      WHERE r.prpubid = pub.oid AND r.prrelid = pg_catalog.to_regclass(pg_catalog.format('%I.%I', w.schema, w.name)))
  UNION ALL SELECT 'lacks ' || n.nspname || '.' || c.relname || ', which is a part of a replicated table and not in the plan'
    FROM part p JOIN pg_catalog.pg_class c ON c.oid = p.oid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace CROSS JOIN pub
    WHERE c.relkind <> 'p' AND NOT EXISTS (SELECT FROM bgsync.table_map t WHERE t.schema = n.nspname AND t.name = c.relname)
      AND NOT EXISTS (SELECT FROM pg_catalog.pg_publication_rel r WHERE r.prpubid = pub.oid AND r.prrelid = p.oid)
  ORDER BY 1
$unpublished$;

-- As before, and a statement that makes or attaches such a part has an entry.
CREATE OR REPLACE FUNCTION bgsync.log_ddl() RETURNS event_trigger
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = ''
AS $log$
BEGIN
  IF TG_EVENT = 'ddl_command_end'
     AND TG_TAG IN ('ALTER PUBLICATION', 'DROP PUBLICATION', 'DROP OWNED', 'CREATE TABLE', 'CREATE FOREIGN TABLE', 'ALTER TABLE', 'ALTER FOREIGN TABLE')
     AND EXISTS (SELECT FROM bgsync.unpublished()) THEN
    INSERT INTO bgsync.ddl_log (tag, object, role) VALUES (TG_TAG, 'bgsync_pub', session_user);
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
