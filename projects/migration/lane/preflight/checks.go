package preflight

// checks are all checks, in order: none stands before one that it needs.
var checks = []check{
	{"PF01", "the writers are reached over verified TLS", nil, Creation | Start | Switch, endpoints},
	{"PF02", "both servers are PostgreSQL 14", []string{"PF01"}, Creation | Start, versions},
	{"PF03", "each database knows which side it is", []string{"PF01"}, Creation | Start | Switch, identities},
	{"PF12", "every table is on both sides and equal", []string{"PF03"}, Creation | Start | Switch, tables},
	{"PF04", "the source can be decoded", []string{"PF01"}, Creation, decodable},
	{"PF05", "the engine's roles have their rights", []string{"PF03", "PF12"}, Creation | Switch, rights},
	{"PF06", "triggers do not fire for the applier", []string{"PF01"}, Creation | Start, replica},
	{"PF07", "a commit is durable", []string{"PF01"}, Creation | Start, rows(durableSQL, "on: a commit that is lost after it was acknowledged cannot be found again", none)},
	{"PF08", "both servers print and order alike", []string{"PF01"}, Creation, same(localeSQL, "the same on both sides", none)},
	{"PF09", "no writer can pass the fence", []string{"PF12"}, Creation | Switch, passers},
	{"PF10", "who may write is who is recorded", []string{"PF03", "PF12"}, Creation | Start | Switch, writers},
	{"PF11", "the fence can lock and revoke", []string{"PF12"}, Creation | Switch, rows(fenceSQL, "the right: register the plan, and enrol the login of the fence", planned)},
	{"PF13", "no table is forgotten", []string{"PF01"}, Creation | Start | Switch, forgotten},
	{"PF14", "every row has a key", []string{"PF12"}, Creation, keys},
	{"PF41", "functions of tables find what they call", []string{"PF12"}, Creation | Start, pathless},
	{"PF15", "nothing stands in the way of replication", []string{"PF12"}, Creation | Switch, obstacles},
	{"PF40", "no foreign key leads out of the lane", []string{"PF12"}, Creation | Switch, rows(foreignKeysSQL, "both tables in the lane, or no such constraint on either side: rows of a table that is left out are not carried, nor do they hold back or follow what is deleted by the lane", planned)},
	{"PF16", "the publications are exactly what is replicated", []string{"PF03", "PF12"}, Creation | Start | Switch, rows(publicationSQL, "exactly the plan's tables and the engine's: register the plan", planned)},
	{"PF17", "sequences are kept and have room", []string{"PF12"}, Creation | Switch, sequences},
	{"PF18", "extensions are equal", []string{"PF01"}, Creation, same(extensionsSQL, "the same version on both sides", none)},
	{"PF19", "the target has what it may have", []string{"PF12"}, Creation | Switch, bare},
	{"PF20", "nobody else writes to the target", []string{"PF01"}, Creation | Switch, foreign},
	{"PF21", "no transaction is left open on the source", []string{"PF01"}, Creation | Switch, open},
	{"PF22", "no table is about to be frozen", []string{"PF12"}, Start | Switch, rows(frozenSQL, "less than 80 % of autovacuum_freeze_max_age: run VACUUM (FREEZE) on it before a switch, whose fence a vacuum against wraparound would not give way to", planned)},
	{"PF23", "a fence can lock all tables", []string{"PF01"}, Creation | Switch, rows(locksSQL, "a larger max_locks_per_transaction", planned)},
	{"PF24", "changes of tables are written down", []string{"PF03"}, Creation | Start | Switch, watched},
	{"PF25", "slot and checkpoint belong together", []string{"PF03"}, Start | Switch, startable},
	{"PF26", "there is room for rows and log", []string{"PF12"}, Creation, storage},
	{"PF27", "rows and connections fit", []string{"PF12"}, Creation, fit},
	{"PF29", "functions and clocks are as they should be", []string{"PF01"}, Creation, functions},
	{"PF30", "the sides reach each other until the end", []string{"PF12"}, Creation | Switch, window},
	{"PF35", "applications follow the rules of a switch", []string{"PF03"}, Switch, applications},
	{"PF36", "names and alarms are in order", nil, Switch, served},
	{"PF37", "the lane back is ready", []string{"PF03"}, Switch, opposite},
	{"PF38", "what is to be expected", []string{"PF12"}, Creation, estimate},
	{"PF39", "a lane that falls silent is told of", nil, Switch, listening},
}

const durableSQL = `
SELECT 'setting ' || name, setting FROM pg_catalog.pg_settings WHERE name IN ('fsync', 'full_page_writes') AND setting <> 'on'
UNION ALL SELECT 'setting synchronous_commit', setting FROM pg_catalog.pg_settings WHERE name = 'synchronous_commit' AND setting = 'off'`

const localeSQL = `
SELECT 'encoding', pg_catalog.pg_encoding_to_char(encoding) FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database()
UNION ALL SELECT 'collation', datcollate FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database()
UNION ALL SELECT 'character classes', datctype FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database()
UNION ALL SELECT 'version of the collation', coalesce(pg_catalog.pg_collation_actual_version(oid), 'none') FROM pg_catalog.pg_collation
  WHERE collname = 'en_US.utf8' AND collprovider = 'c'
UNION ALL SELECT name, setting FROM pg_catalog.pg_settings WHERE name IN ('lc_numeric', 'lc_time', 'standard_conforming_strings')`

const publicationSQL = `
WITH wanted AS (
  SELECT c.oid FROM pg_catalog.pg_class c WHERE c.oid = ANY ($1::text[]::regclass[]) AND c.relkind = 'r'
  UNION SELECT c.oid FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
        WHERE n.nspname = 'bgsync' AND c.relname IN ('authority', 'lane', 'chunk', 'canary', 'ddl_log')),
published AS (
  SELECT r.prrelid AS oid FROM pg_catalog.pg_publication_rel r JOIN pg_catalog.pg_publication p ON p.oid = r.prpubid WHERE p.pubname = 'bgsync_pub')
SELECT 'publication bgsync_pub', 'lacks ' || oid::regclass FROM wanted WHERE oid NOT IN (SELECT oid FROM published)
UNION ALL SELECT 'publication bgsync_pub', 'also has ' || oid::regclass FROM published WHERE oid NOT IN (SELECT oid FROM wanted)
UNION ALL SELECT 'publication bgsync_pub', 'publishes all tables, some operations only, or by partition roots' FROM pg_catalog.pg_publication
  WHERE pubname = 'bgsync_pub' AND (puballtables OR pubviaroot OR NOT (pubinsert AND pubupdate AND pubdelete AND pubtruncate))`

// foreignKeysSQL finds the foreign keys of which one table is listed and the other is
// not. That of a partition is told with its parent's, unless only the partition is listed.
const foreignKeysSQL = `
WITH outward AS (SELECT k.*, k.conrelid = ANY ($1::text[]::regclass[]) AS refers FROM pg_catalog.pg_constraint k
  WHERE k.contype = 'f' AND (k.conrelid = ANY ($1::text[]::regclass[])) <> (k.confrelid = ANY ($1::text[]::regclass[])))
SELECT 'table ' || CASE WHEN refers THEN conrelid ELSE confrelid END::regclass,
  CASE WHEN refers THEN 'refers by foreign key ' || conname || ' to table ' || confrelid::regclass || ', which is left out'
  ELSE 'is referred to by foreign key ' || conname || ' of table ' || conrelid::regclass || ', which is left out' END
FROM outward k WHERE NOT EXISTS (SELECT FROM outward p WHERE p.oid = k.conparentid) ORDER BY 1, 2`

const extensionsSQL = `SELECT 'extension ' || extname, extversion FROM pg_catalog.pg_extension`

const locksSQL = `
SELECT 'setting max_locks_per_transaction', 'room for half of ' || locks || ' locks and ' || relations || ' tables to lock'
FROM (SELECT pg_catalog.current_setting('max_locks_per_transaction')::int * pg_catalog.current_setting('max_connections')::int AS locks,
             pg_catalog.cardinality($1::text[]) AS relations) l WHERE relations > locks / 2`

// frozenSQL looks at tables and what is stored out of line of them, by transaction
// ids and by multixacts; a storage parameter may lower the limit for a table.
const frozenSQL = `
SELECT 'table ' || relation, 'is ' || age || ' ' || kind || ' old, of ' || most FROM (
  SELECT t.oid::regclass AS relation, k.kind, k.age, least(k.most, (
    SELECT option_value::bigint FROM pg_catalog.pg_options_to_table(c.reloptions) WHERE option_name = k.option)) AS most
  FROM pg_catalog.pg_class t JOIN pg_catalog.pg_class c ON c.oid IN (t.oid, t.reltoastrelid)
  CROSS JOIN LATERAL (VALUES
    ('transactions', 'autovacuum_freeze_max_age', pg_catalog.age(c.relfrozenxid)::bigint, pg_catalog.current_setting('autovacuum_freeze_max_age')::bigint),
    ('multixacts', 'autovacuum_multixact_freeze_max_age', pg_catalog.mxid_age(c.relminmxid)::bigint, pg_catalog.current_setting('autovacuum_multixact_freeze_max_age')::bigint)
  ) k(kind, option, age, most)
  WHERE t.oid = ANY ($1::text[]::regclass[]) AND t.relkind = 'r') a
WHERE age >= most * 0.8`
