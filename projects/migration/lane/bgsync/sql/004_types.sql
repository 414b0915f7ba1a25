-- Version 4: changes of the types of replicated tables are written down too.
SET LOCAL ROLE bgsync_owner;

-- As before, and a change of a type that a replicated table is made of, such as a new
-- label of an enum, has an entry for each such table that it makes another. The lane
-- meets it before the first row that it would not know.
CREATE OR REPLACE FUNCTION bgsync.log_ddl() RETURNS event_trigger
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = ''
AS $log$
BEGIN
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
