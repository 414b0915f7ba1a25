package gauge

import (
	"context"

	"github.com/jackc/pgx/v5"

	"github.com/cutover/cutover/projects/migration/lane/pg"
	"github.com/cutover/cutover/projects/migration/lane/verify"
)

// Verification is what the comparisons of a lane's two sides have shown.
type Verification struct {
	// Active tells that the lane's source has the authority: its changes are compared
	// under this lane. Of a lane that is not the counts below say nothing.
	Active     bool `json:"active"`
	FirstClean bool `json:"firstClean"`
	Buckets    int  `json:"buckets"`
	Dirty      int  `json:"dirty"`
	Unstable   int  `json:"unstable"`
	Mismatched int  `json:"mismatched"`
	TailKeys   int  `json:"tailKeys"`
	// AgeSeconds is how long ago the bucket was compared that waits longest; negative
	// while one never was. A comparison is of both sides and has no direction: it is
	// the younger age of this lane and of the one that leads back, so that a lane
	// whose source is not the authority is as fresh as the one that is verified.
	AgeSeconds float64 `json:"ageSeconds"`
}

// backSQL is the age by the lanes that end on the other side.
const backSQL = `SELECT CASE WHEN count(*) > 0 AND count(*) = count(b.at) THEN extract(epoch FROM pg_catalog.clock_timestamp() - min(b.at)) ELSE -1 END::float8
FROM bgsync.lane l JOIN bgsync.bucket b USING (lane) WHERE l.state <> 'retired'`

// verified reads the results of comparisons.
func (s *Snapshot) verified(ctx context.Context, source, target *pgx.Conn) error {
	status, err := verify.ReadStatus(ctx, target, s.Lane)
	if err != nil {
		return pg.Wrap(err, "read the verification of lane %s", s.Lane)
	}
	v := &Verification{
		FirstClean: status.FirstClean, Buckets: status.Buckets, Dirty: status.Dirty, Unstable: status.Unstable, Mismatched: status.Mismatched,
		TailKeys: status.TailKeys, AgeSeconds: -1,
	}
	if err := target.QueryRow(ctx, `SELECT src_writable FROM bgsync.lane WHERE lane = $1`, s.Lane).Scan(&v.Active); err != nil {
		return pg.Wrap(err, "read the verification of lane %s", s.Lane)
	}
	var back float64
	if err := source.QueryRow(ctx, backSQL).Scan(&back); err != nil {
		return pg.Wrap(err, "read the verification of the lane back")
	}
	for _, age := range []float64{status.Age.Seconds(), back} {
		if age >= 0 && (v.AgeSeconds < 0 || age < v.AgeSeconds) {
			v.AgeSeconds = age
		}
	}
	s.Verification = v
	return nil
}
