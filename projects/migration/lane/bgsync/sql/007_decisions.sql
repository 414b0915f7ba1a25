-- Version 7: what operators have decided of transactions that nobody vouches for.
SET LOCAL ROLE bgsync_owner;

-- Forged and rogue transactions of the lane's source that end before until_lsn are
-- carried like any other, or passed over. Rows are added and never changed.
CREATE TABLE bgsync.decision (
  id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  lane       text NOT NULL,
  generation bigint NOT NULL,
  halt_code  text NOT NULL CHECK (halt_code IN ('rogue_write', 'marker_forged')),
  way        text NOT NULL CHECK (way IN ('carried', 'passed')),
  from_lsn   pg_lsn NOT NULL, -- the lane's position
  until_lsn  pg_lsn NOT NULL, -- the source's
  decided_by text NOT NULL CHECK (decided_by <> ''),
  reason     text NOT NULL,
  at         timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
  CHECK (until_lsn >= from_lsn)
);
GRANT SELECT, INSERT ON bgsync.decision TO bgsync_apply;
GRANT SELECT ON bgsync.decision TO bgsync_reader, bgsync_operator, bgsync_fence, bgsync_verify;
RESET ROLE;
