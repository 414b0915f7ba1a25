-- Schema bgsync, version 1: what the engine keeps in both databases.
CREATE SCHEMA bgsync AUTHORIZATION bgsync_owner;
SET LOCAL ROLE bgsync_owner;

CREATE TABLE bgsync.identity (
  one            bool PRIMARY KEY DEFAULT true CHECK (one),
  db_id          uuid NOT NULL,
  side           text NOT NULL CHECK (side IN ('blue', 'green')),
  schema_version int NOT NULL,
  cloned_from    uuid,
  installed_at   timestamptz NOT NULL DEFAULT pg_catalog.now()
);

CREATE TABLE bgsync.authority (
  one        bool PRIMARY KEY DEFAULT true CHECK (one),
  side       text NOT NULL CHECK (side IN ('blue', 'green')),
  epoch      bigint NOT NULL CHECK (epoch > 0),
  writable   bool NOT NULL,
  attempt    uuid,
  changed_at timestamptz NOT NULL DEFAULT pg_catalog.now(),
  changed_by text NOT NULL
);

CREATE TABLE bgsync.lane (
  lane             text PRIMARY KEY CHECK (lane ~ '^[a-z][a-z0-9.]{0,30}$'),
  state            text NOT NULL CHECK (state IN ('created', 'loading', 'catching_up', 'running', 'halted', 'retired')),
  generation       bigint NOT NULL CHECK (generation > 0),
  epoch            bigint NOT NULL CHECK (epoch > 0),
  src_db_id        uuid NOT NULL,
  src_sysid        text NOT NULL,
  src_timeline     int NOT NULL,
  slot_name        text NOT NULL,
  base_lsn         pg_lsn NOT NULL,
  applied_lsn      pg_lsn NOT NULL,
  applied_xid      xid8 NOT NULL,
  applied_at_src   timestamptz,
  part_lsn         pg_lsn,
  part_index       bigint NOT NULL DEFAULT 0,
  part_change_lsn  pg_lsn,
  long_lsn         pg_lsn,
  consistent_after pg_lsn,
  src_writable     bool NOT NULL,
  src_epoch        bigint NOT NULL,
  src_attempt      uuid,
  schema_fp        bytea NOT NULL,
  tail_from        pg_lsn,
  clean_base       pg_lsn,
  bucket_plan      bigint NOT NULL DEFAULT 0, -- raised with every change of the lane's buckets
  claim_no         bigint NOT NULL DEFAULT 0,
  claimed_by       text,
  txns             bigint NOT NULL DEFAULT 0,
  echoes           bigint NOT NULL DEFAULT 0,
  halt_code        text CHECK (halt_code IN ('source_identity', 'source_rewound', 'checkpoint_invalid', 'gap', 'marker_forged',
                     'rogue_write', 'schema_drift', 'divergence', 'poison', 'torn_mismatch', 'permission', 'unexpected', 'operator')),
  halted_at        timestamptz,
  CHECK (applied_lsn >= base_lsn),
  CHECK ((state = 'halted') = (halt_code IS NOT NULL)),
  CHECK ((part_lsn IS NULL) = (part_change_lsn IS NULL)),
  CHECK ((part_lsn IS NULL) = (part_index = 0))
) WITH (fillfactor = 50);

CREATE TABLE bgsync.chunk (
  lane         text NOT NULL,
  table_id     int NOT NULL,
  load_no      int NOT NULL,
  chunk_no     int NOT NULL,
  lo           text[],
  hi           text[],
  state        text NOT NULL CHECK (state IN ('planned', 'loaded')),
  claim_no     bigint NOT NULL DEFAULT 0,
  claimed_by   text,
  src_snapshot pg_snapshot,
  src_lsn      pg_lsn,
  rows         bigint,
  bytes        bigint,
  loaded_at    timestamptz,
  PRIMARY KEY (lane, table_id, load_no, chunk_no)
);

CREATE TABLE bgsync.canary (
  side       text NOT NULL,
  name       text NOT NULL,
  seq        bigint NOT NULL,
  nonce      uuid NOT NULL,
  written_at timestamptz NOT NULL,
  PRIMARY KEY (side, name)
);

CREATE TABLE bgsync.ddl_log (
  id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  tag         text NOT NULL,
  object      text NOT NULL,
  role        text NOT NULL,
  fingerprint bytea,
  at          timestamptz NOT NULL DEFAULT pg_catalog.now()
);

CREATE TABLE bgsync.table_map (
  table_id     int PRIMARY KEY CHECK (table_id > 0),
  schema       text NOT NULL,
  name         text NOT NULL,
  class        text NOT NULL CHECK (class IN ('critical', 'standard')),
  key_cols     text[] NOT NULL,
  cols         text[] NOT NULL,
  u_cols       text[] NOT NULL,
  engine_order bool NOT NULL,
  binary_ok    bool NOT NULL,
  fingerprint  bytea NOT NULL,
  UNIQUE (schema, name)
);

CREATE TABLE bgsync.table_state (
  lane         text NOT NULL,
  table_id     int NOT NULL,
  load_no      int NOT NULL,
  phase        text NOT NULL CHECK (phase IN ('planned', 'loading', 'loaded', 'indexed', 'ready')),
  min_xid      xid8,
  repair_until pg_lsn,
  bucket_kind  text CHECK (bucket_kind IN ('range', 'hash')),
  PRIMARY KEY (lane, table_id)
);

CREATE TABLE bgsync.tombstone (
  lane     text NOT NULL,
  table_id int NOT NULL,
  key      text[] NOT NULL,
  xid      xid8 NOT NULL,
  PRIMARY KEY (lane, table_id, key)
);

CREATE TABLE bgsync.repair (
  lane      text NOT NULL,
  table_id  int NOT NULL,
  bucket_no int NOT NULL,
  key       text[] NOT NULL,
  reason    text NOT NULL,
  state     text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'failed')),
  tries     int NOT NULL DEFAULT 0,
  at        timestamptz NOT NULL DEFAULT pg_catalog.now(),
  PRIMARY KEY (lane, table_id, bucket_no, key)
);

CREATE TABLE bgsync.bucket (
  lane      text NOT NULL,
  table_id  int NOT NULL,
  bucket_no int NOT NULL,
  lo        text[],
  hi        text[],
  dirty_xid xid8,
  dirty_lsn pg_lsn,
  clean_lsn pg_lsn,
  pass_id   bigint,
  rows      bigint,
  sum1      numeric, -- as of clean_lsn, equal on both sides
  sum2      numeric,
  at        timestamptz, -- of the last comparison that had a result
  unstable  int NOT NULL DEFAULT 0,
  mismatch  int NOT NULL DEFAULT 0,
  PRIMARY KEY (lane, table_id, bucket_no)
) WITH (fillfactor = 50);

CREATE TABLE bgsync.dirty_key (
  lane     text NOT NULL,
  table_id int NOT NULL,
  key      text[] NOT NULL,
  PRIMARY KEY (lane, table_id, key)
);

CREATE TABLE bgsync.verify_pass (
  pass_id    bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  lane       text NOT NULL,
  generation bigint NOT NULL,
  kind       text NOT NULL CHECK (kind IN ('full', 'incremental', 'continuous')),
  state      text NOT NULL CHECK (state IN ('running', 'clean', 'unclean', 'discarded')),
  started_at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
  ended_at   timestamptz,
  buckets    int NOT NULL DEFAULT 0,
  mismatched int NOT NULL DEFAULT 0,
  unstable   int NOT NULL DEFAULT 0,
  older      float8 NOT NULL DEFAULT 0, -- seconds: what a continuous pass leaves out
  requested  bigint NOT NULL DEFAULT 0, -- rows of which a repair was asked for
  root       bytea
);
CREATE UNIQUE INDEX verify_pass_running ON bgsync.verify_pass (lane, kind) WHERE state = 'running';

CREATE TABLE bgsync.verify_state (
  lane         text PRIMARY KEY,
  epoch        bigint NOT NULL, -- raised whenever results are taken back
  engine       text NOT NULL,
  running_by   text,            -- the invocation that applies; NULL after an orderly hand-over
  handover_lsn pg_lsn
);

CREATE TABLE bgsync.quarantine (
  lane            text NOT NULL,
  generation      bigint NOT NULL,
  commit_lsn      pg_lsn NOT NULL,
  ordinal         bigint NOT NULL,
  table_id        int NOT NULL,
  op              text NOT NULL,
  key             text[] NOT NULL,
  image           bytea,
  sqlstate        text NOT NULL,
  constraint_name text,
  state           text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'retried', 'discarded')),
  decided_by      text[],
  PRIMARY KEY (lane, generation, commit_lsn, ordinal)
);

CREATE TABLE bgsync.conflict (
  lane       text NOT NULL,
  generation bigint NOT NULL,
  commit_lsn pg_lsn NOT NULL,
  ordinal    bigint NOT NULL,
  kind       text NOT NULL CHECK (kind IN ('insert_exists', 'update_missing', 'delete_missing')),
  table_id   int NOT NULL,
  key        text[] NOT NULL,
  expected   bytea,
  found      bytea,
  state      text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'retried', 'discarded')),
  decided_by text[],
  PRIMARY KEY (lane, generation, commit_lsn, ordinal)
);

CREATE TABLE bgsync.writer_acl (
  relation  text NOT NULL,
  grantee   text NOT NULL,
  privilege text NOT NULL,
  columns   text[],
  PRIMARY KEY (relation, grantee, privilege)
);

CREATE TABLE bgsync.sequence_map (
  relation text PRIMARY KEY,
  gap      bigint NOT NULL,
  preset   bigint
);

CREATE TABLE bgsync.deferred_ddl (
  ordinal   int PRIMARY KEY,
  table_id  int NOT NULL,
  kind      text NOT NULL CHECK (kind IN ('index', 'unique', 'constraint', 'fk', 'trigger')),
  name      text NOT NULL,
  statement text NOT NULL,
  state     text NOT NULL DEFAULT 'planned' CHECK (state IN ('planned', 'done'))
);

-- What was changed to make a switch ready, so that whoever comes next can undo it:
-- the table's former autovacuum_enabled, NULL where it was not set.
CREATE TABLE bgsync.arming (
  relation text PRIMARY KEY,
  former   text,
  at       timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp()
);

-- One row while nobody but the engine may change the schema.
CREATE TABLE bgsync.ddl_freeze (
  one   bool PRIMARY KEY DEFAULT true CHECK (one),
  since timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp()
);

-- Writes down every statement that changes a replicated table, in the
-- transaction that makes the change, so that the lane meets it in band. Members
-- of bgsync_ddl and bgsync_fence are the engine itself.
CREATE FUNCTION bgsync.log_ddl() RETURNS event_trigger
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
  ELSE
    INSERT INTO bgsync.ddl_log (tag, object, role)
      SELECT DISTINCT c.command_tag, c.object_identity, session_user
      FROM pg_catalog.pg_event_trigger_ddl_commands() c
      JOIN pg_catalog.pg_class r ON r.oid = c.objid AND c.classid = 'pg_catalog.pg_class'::pg_catalog.regclass
      JOIN pg_catalog.pg_namespace n ON n.oid = r.relnamespace
      JOIN bgsync.table_map t ON t.schema = n.nspname AND t.name = r.relname
      WHERE c.command_tag IN ('ALTER TABLE', 'CREATE TABLE');
  END IF;
END
$log$;
REVOKE ALL ON FUNCTION bgsync.log_ddl() FROM PUBLIC;

-- Refuses every change of the schema while bgsync.ddl_freeze has a row. What may
-- be about temporary objects only is let begin and looked at when it has ended.
CREATE FUNCTION bgsync.refuse_ddl() RETURNS event_trigger
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = ''
AS $refuse$
BEGIN
  IF NOT EXISTS (SELECT FROM bgsync.ddl_freeze)
     OR EXISTS (SELECT FROM pg_catalog.pg_auth_members m
                JOIN pg_catalog.pg_roles g ON g.oid = m.roleid
                JOIN pg_catalog.pg_roles u ON u.oid = m.member
                WHERE g.rolname IN ('bgsync_ddl', 'bgsync_fence') AND u.rolname = session_user) THEN
    RETURN;
  END IF;
  CASE TG_EVENT
  WHEN 'ddl_command_start' THEN
    IF TG_TAG IN ('CREATE TABLE', 'CREATE TABLE AS', 'SELECT INTO', 'CREATE INDEX', 'DROP TABLE', 'DROP INDEX') THEN
      RETURN;
    END IF;
  WHEN 'sql_drop' THEN
    IF NOT EXISTS (SELECT FROM pg_catalog.pg_event_trigger_dropped_objects() WHERE NOT is_temporary) THEN
      RETURN;
    END IF;
  ELSE
    IF NOT EXISTS (SELECT FROM pg_catalog.pg_event_trigger_ddl_commands() WHERE schema_name IS DISTINCT FROM 'pg_temp') THEN
      RETURN;
    END IF;
  END CASE;
  RAISE EXCEPTION 'the schema is frozen while the authority changes hands' USING ERRCODE = 'object_not_in_prerequisite_state';
END
$refuse$;
REVOKE ALL ON FUNCTION bgsync.refuse_ddl() FROM PUBLIC;

GRANT USAGE ON SCHEMA bgsync TO bgsync_reader, bgsync_apply, bgsync_ddl, bgsync_fence, bgsync_verify, bgsync_operator;
GRANT SELECT ON ALL TABLES IN SCHEMA bgsync TO bgsync_reader, bgsync_operator;
REVOKE SELECT ON bgsync.quarantine, bgsync.conflict FROM bgsync_reader;
GRANT INSERT, UPDATE ON bgsync.canary TO bgsync_reader;
GRANT SELECT ON bgsync.identity, bgsync.authority, bgsync.table_map, bgsync.deferred_ddl TO bgsync_apply, bgsync_ddl, bgsync_verify;
GRANT SELECT, INSERT, UPDATE, DELETE ON bgsync.lane, bgsync.chunk, bgsync.canary, bgsync.table_state, bgsync.tombstone,
  bgsync.repair, bgsync.bucket, bgsync.dirty_key, bgsync.verify_pass, bgsync.verify_state, bgsync.quarantine, bgsync.conflict TO bgsync_apply;
GRANT UPDATE ON bgsync.deferred_ddl TO bgsync_ddl;
GRANT SELECT ON bgsync.authority, bgsync.identity, bgsync.lane, bgsync.sequence_map, bgsync.writer_acl, bgsync.table_map TO bgsync_fence;
GRANT UPDATE ON bgsync.authority, bgsync.sequence_map TO bgsync_fence;
GRANT UPDATE (epoch) ON bgsync.lane TO bgsync_fence;
GRANT SELECT, INSERT, DELETE ON bgsync.arming, bgsync.ddl_freeze TO bgsync_fence;
GRANT SELECT ON bgsync.canary, bgsync.repair, bgsync.bucket, bgsync.verify_pass, bgsync.dirty_key TO bgsync_fence;
GRANT SELECT (lane, state, commit_lsn, ordinal) ON bgsync.quarantine, bgsync.conflict TO bgsync_fence;
GRANT SELECT ON bgsync.lane, bgsync.chunk, bgsync.table_state, bgsync.tombstone, bgsync.dirty_key TO bgsync_verify;
GRANT SELECT, INSERT, UPDATE, DELETE ON bgsync.bucket, bgsync.verify_pass, bgsync.verify_state, bgsync.repair TO bgsync_verify;
GRANT SELECT, INSERT, UPDATE ON bgsync.canary TO bgsync_verify; -- so that an idle lane moves past a snapshot at once
GRANT UPDATE (bucket_kind) ON bgsync.table_state TO bgsync_verify;
GRANT UPDATE (state, halt_code, halted_at, tail_from, clean_base, bucket_plan, consistent_after) ON bgsync.lane TO bgsync_verify;
GRANT DELETE ON bgsync.dirty_key TO bgsync_verify;
GRANT UPDATE (state, decided_by) ON bgsync.quarantine, bgsync.conflict TO bgsync_operator;
GRANT INSERT ON bgsync.repair TO bgsync_operator;
RESET ROLE;
