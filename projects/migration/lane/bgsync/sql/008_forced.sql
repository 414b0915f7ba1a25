-- Version 8: who opens a side by a forced decision ends the lanes from the other one, in
-- the same transaction.
SET LOCAL ROLE bgsync_owner;
GRANT UPDATE (state, halt_code, halt_reason, halted_at) ON bgsync.lane TO bgsync_fence;
RESET ROLE;
