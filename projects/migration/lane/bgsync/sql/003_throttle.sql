-- Version 3: what all who load or compare for a lane know of their servers.
SET LOCAL ROLE bgsync_owner;

-- The throttle of a lane, on its target. One process at a time measures and writes;
-- all others obey what it has found.
CREATE TABLE bgsync.throttle (
  lane      text PRIMARY KEY,
  at        timestamptz NOT NULL,
  holder    text NOT NULL,            -- the invocation that measures
  period_ms int NOT NULL CHECK (period_ms > 0),
  duty      float8 NOT NULL CHECK (duty BETWEEN 0 AND 1), -- the part of each period in which data may flow
  size      float8 NOT NULL CHECK (size > 0 AND size <= 1),
  share     float8 NOT NULL CHECK (share BETWEEN 0 AND 1), -- of those who could work at once
  withheld  float8 NOT NULL CHECK (withheld BETWEEN 0 AND 1),
  since     timestamptz,              -- nothing may be loaded since then
  readings  jsonb NOT NULL            -- name, value, limit and verdict of each input: no value of a row
);
GRANT SELECT, INSERT, UPDATE ON bgsync.throttle TO bgsync_apply, bgsync_verify;
GRANT SELECT ON bgsync.throttle TO bgsync_reader, bgsync_operator, bgsync_fence;
RESET ROLE;
