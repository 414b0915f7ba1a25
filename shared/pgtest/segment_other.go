//go:build !linux

package pgtest

// release does nothing: other systems' segments are the user's to remove (ipcrm(1)).
func release(string) error { return nil }
