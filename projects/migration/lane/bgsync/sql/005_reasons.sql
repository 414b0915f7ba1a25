-- Version 5: why a lane was halted, besides the code.
SET LOCAL ROLE bgsync_owner;

-- In words, with tables, columns, constraints, positions and states of SQL, and never
-- a value of a row. A halt of a version before has none.
ALTER TABLE bgsync.lane ADD COLUMN halt_reason text
  CHECK (halt_reason IS NULL OR halt_code IS NOT NULL AND pg_catalog.octet_length(halt_reason) <= 1000);
GRANT UPDATE (halt_reason) ON bgsync.lane TO bgsync_verify;
RESET ROLE;
