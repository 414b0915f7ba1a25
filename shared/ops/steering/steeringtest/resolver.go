package steeringtest

import "time"

// AliasTTL is how long a resolver may keep the answer for an alias to a load
// balancer (Route 53 developer guide, "Choosing between alias and non-alias
// records").
const AliasTTL = 60 * time.Second

// Resolver is one customer's: it keeps an answer for AliasTTL. It is for one
// goroutine.
type Resolver struct {
	From   *Nameserver
	Random func(n int) int
	Now    func() time.Time

	record, endpoint string
	until            time.Time
}

// Resolve returns the record and the endpoint that the name leads to; fresh tells
// that the nameserver was asked.
func (r *Resolver) Resolve() (record, endpoint string, fresh, ok bool) {
	now := r.Now()
	if now.Before(r.until) {
		return r.record, r.endpoint, false, true
	}
	r.record, r.endpoint, ok = r.From.Answer(r.Random)
	if ok {
		r.until = now.Add(AliasTTL)
	}
	return r.record, r.endpoint, true, ok
}
