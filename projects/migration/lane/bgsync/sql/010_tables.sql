-- Version 10: tables that no lane carries and nobody has left out are known.
SET LOCAL ROLE bgsync_owner;

-- The tables that the plan leaves out on purpose; replaced whenever it is registered.
CREATE TABLE bgsync.excluded (
  schema text NOT NULL,
  name   text NOT NULL,
  reason text NOT NULL CHECK (reason <> ''),
  PRIMARY KEY (schema, name)
);
GRANT SELECT ON bgsync.excluded TO bgsync_reader, bgsync_apply, bgsync_fence, bgsync_verify, bgsync_operator;

-- The tables beside the replicated ones, in their schemas, that are neither listed nor
-- excluded: their rows are in no stream and in no comparison. What an extension has made
-- is its own; a partition of an excluded table is excluded with it.
CREATE FUNCTION bgsync.unplanned() RETURNS SETOF text
  LANGUAGE sql STABLE SET search_path = ''
AS $unplanned$
  SELECT n.nspname || '.' || c.relname
  FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
  WHERE n.nspname IN (SELECT t.schema FROM bgsync.table_map t) AND c.relkind IN ('r', 'p', 'f', 'm')
    AND NOT EXISTS (SELECT FROM bgsync.table_map t WHERE t.schema = n.nspname AND t.name = c.relname)
    AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d
      WHERE d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.objid = c.oid AND d.deptype = 'e')
    AND NOT EXISTS (SELECT FROM bgsync.excluded e
      JOIN pg_catalog.pg_namespace m ON m.nspname = e.schema JOIN pg_catalog.pg_class x ON x.relnamespace = m.oid AND x.relname = e.name
      WHERE x.oid = c.oid OR x.oid IN (SELECT a.relid FROM pg_catalog.pg_partition_ancestors(c.oid) a))
  ORDER BY 1
$unplanned$;
RESET ROLE;
