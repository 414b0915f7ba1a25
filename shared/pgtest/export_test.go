package pgtest

// Settle waits until what was given back is clean.
func (p *Pool) Settle() { p.cleaning.Wait() }
