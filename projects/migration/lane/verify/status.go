package verify

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"fmt"
	"hash"
	"time"

	"github.com/jackc/pglogrepl"
	"github.com/jackc/pgx/v5"

	"github.com/cutover/cutover/projects/migration/lane/pg"
	"github.com/cutover/cutover/projects/migration/lane/relation"
)

// Status is what a lane's verification has shown so far, for gates and people.
type Status struct {
	Generation int64 `json:"generation"`
	// FirstClean tells that a full pass of this generation has ended clean. What
	// it showed may have been taken back since: see Unverified.
	FirstClean bool `json:"first_clean"`
	Buckets    int  `json:"buckets"`
	// Unverified buckets have no result that counts; Dirty are these and those
	// that changed since they were found equal, or are left to the check of the
	// tail. Unstable were changing whenever they were looked at, Mismatched
	// differed.
	Unverified int `json:"unverified"`
	Dirty      int `json:"dirty"`
	Unstable   int `json:"unstable"`
	Mismatched int `json:"mismatched"`
	// Age is how long ago the bucket was compared that waits longest, by itself or by
	// the last switch; negative when one never was.
	Age time.Duration `json:"age_ns"`

	RepairsOpen int  `json:"repairs_open"`
	TailArmed   bool `json:"tail_armed"`
	TailKeys    int  `json:"tail_keys"`
}

// comparedSQL is when a bucket was compared last: by itself, or with all others by the
// switch that set the lane's clean base.
const comparedSQL = `greatest(b.at, CASE WHEN l.clean_base IS NOT NULL THEN l.clean_base_at END)`

const statusSQL = `
SELECT l.generation, l.tail_from IS NOT NULL,
  EXISTS (SELECT FROM bgsync.verify_pass f WHERE f.lane = l.lane AND f.generation = l.generation AND f.kind = 'full' AND f.state = 'clean'),
  (SELECT count(*) FROM bgsync.repair r WHERE r.lane = l.lane), (SELECT count(*) FROM bgsync.dirty_key d WHERE d.lane = l.lane),
  count(b.bucket_no), count(*) FILTER (WHERE b.clean_lsn IS NULL AND l.clean_base IS NULL), count(*) FILTER (WHERE ` + dirtySQL + `),
  count(*) FILTER (WHERE b.unstable > 0), count(*) FILTER (WHERE b.mismatch > 0),
  CASE WHEN count(*) = count(` + comparedSQL + `) THEN extract(epoch FROM clock_timestamp() - min(` + comparedSQL + `)) ELSE -1 END::float8
FROM bgsync.lane l LEFT JOIN bgsync.bucket b USING (lane) WHERE l.lane = $1 GROUP BY l.lane`

// Status reads what is known. It compares nothing.
func (v *Verifier) Status(ctx context.Context) (Status, error) {
	var st Status
	err := v.onTarget(ctx, "read the verification", func(tx pgx.Tx) error {
		var err error
		st, err = ReadStatus(ctx, tx, v.Lane)
		return err
	})
	return st, err
}

// ReadStatus reads what is known of a lane over any session on its target that may
// read the tables of the verification.
func ReadStatus(ctx context.Context, target relation.Querier, lane string) (Status, error) {
	var st Status
	var age float64
	err := target.QueryRow(ctx, statusSQL, lane).Scan(&st.Generation, &st.TailArmed, &st.FirstClean, &st.RepairsOpen, &st.TailKeys, &st.Buckets,
		&st.Unverified, &st.Dirty, &st.Unstable, &st.Mismatched, &age)
	st.Age = time.Duration(age * float64(time.Second))
	return st, err
}

// Metrics are the figures of a status by the names of the catalogue.
func (st Status) Metrics() map[string]float64 {
	figures := map[string]float64{
		"BucketsDirty": float64(st.Dirty), "BucketsMismatched": float64(st.Mismatched), "BucketsUnstable": float64(st.Unstable),
		"TailKeys": float64(st.TailKeys), "RepairsOpen": float64(st.RepairsOpen),
	}
	if st.Age >= 0 { // what was never compared has no age: its metric is missing, which its alarm counts as breaching
		figures["VerifyAgeSeconds"] = st.Age.Seconds()
	}
	return figures
}

// TableSummary is what a proof says of one table: as of the last comparison of
// each of its buckets, in which both sides were equal.
type TableSummary struct {
	Table   string `json:"table"`
	Rows    int64  `json:"rows"`
	Buckets int    `json:"buckets"`
	// Unverified buckets have no result that counts; they are in neither figure.
	Unverified int `json:"unverified"`
	// HMAC is HMAC-SHA256 under the caller's key over number, rows and sums of
	// each bucket, in order; it tells nothing without the key.
	HMAC string `json:"hmac"`
	// From and To are the positions between which the buckets were compared.
	From string `json:"from"`
	To   string `json:"to"`
}

// Summary sums the results up for a proof. The key stays with the caller.
func (v *Verifier) Summary(ctx context.Context, key []byte) ([]TableSummary, error) {
	if len(key) < sha256.Size {
		return nil, fmt.Errorf("key of the summary: is %d bytes, expected at least %d", len(key), sha256.Size)
	}
	var all []TableSummary
	err := v.onTarget(ctx, "sum the verification up", func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, `SELECT m.schema || '.' || m.name, coalesce(b.rows, 0), coalesce(b.clean_lsn, l.clean_base) IS NULL, coalesce(coalesce(b.clean_lsn, l.clean_base)::text, ''),
			  concat_ws(' ', b.bucket_no, b.rows, b.sum1, b.sum2)
			FROM bgsync.bucket b JOIN bgsync.table_map m USING (table_id) JOIN bgsync.lane l USING (lane)
			WHERE b.lane = $1 ORDER BY b.table_id, b.bucket_no`, v.Lane)
		if err != nil {
			return err
		}
		all, err = summarise(rows, key)
		return err
	})
	return all, err
}

func summarise(rows pgx.Rows, key []byte) ([]TableSummary, error) {
	var all []TableSummary
	var sum hash.Hash
	var table, at, line string
	var count int64
	var unknown bool
	_, err := pgx.ForEachRow(rows, []any{&table, &count, &unknown, &at, &line}, func() error {
		if len(all) == 0 || all[len(all)-1].Table != table {
			all, sum = append(all, TableSummary{Table: table}), hmac.New(sha256.New, key)
		}
		of := &all[len(all)-1]
		of.Buckets++
		if unknown {
			of.Unverified++
			return nil
		}
		of.Rows += count
		of.span(at)
		if _, err := fmt.Fprintf(sum, "%s %s\n", table, line); err != nil {
			return err
		}
		of.HMAC = fmt.Sprintf("%x", sum.Sum(nil))
		return nil
	})
	return all, pg.Wrap(err, "read the results")
}

// span widens the positions by one more.
func (t *TableSummary) span(at string) {
	position, err := pglogrepl.ParseLSN(at)
	if err != nil {
		return // the server prints no other
	}
	if from, err := pglogrepl.ParseLSN(t.From); err != nil || position < from {
		t.From = at
	}
	if to, err := pglogrepl.ParseLSN(t.To); err != nil || position > to {
		t.To = at
	}
}
