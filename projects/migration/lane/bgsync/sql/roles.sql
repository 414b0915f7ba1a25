-- Group roles of the engine. Login users are members of one of them; they carry
-- the attributes and settings that PostgreSQL does not inherit (see Login).
DO $roles$
DECLARE
  wanted text;
BEGIN
  FOREACH wanted IN ARRAY ARRAY['bgsync_owner', 'bgsync_reader', 'bgsync_apply', 'bgsync_ddl',
                                'bgsync_fence', 'bgsync_verify', 'bgsync_operator'] LOOP
    IF NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = wanted) THEN
      EXECUTE pg_catalog.format('CREATE ROLE %I NOLOGIN', wanted);
    END IF;
  END LOOP;
  IF EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = 'rds_replication') THEN
    GRANT rds_replication TO bgsync_reader;
  END IF;
  -- who keeps a fence, a reading, a comparison or a builder waiting: state and age
  GRANT pg_read_all_stats TO bgsync_fence, bgsync_reader, bgsync_verify, bgsync_apply;
  IF NOT (SELECT rolsuper FROM pg_catalog.pg_roles WHERE rolname = current_user) THEN
    EXECUTE pg_catalog.format('GRANT bgsync_owner TO %I', current_user); -- an administrator on Aurora is no superuser
  END IF;
END
$roles$;
