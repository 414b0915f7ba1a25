package pgtest

// ClaimFile is locked while a process uses a server's folder.
const ClaimFile = claimFile

// Settle waits until what was given back is clean.
func (p *Pool) Settle() { p.cleaning.Wait() }

// PID is the postmaster's.
func (s *Server) PID() int { return s.process.pid }
