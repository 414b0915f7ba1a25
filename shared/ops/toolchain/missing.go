package toolchain

import (
	"fmt"
	"strings"
)

// MissingError says which program is missing, where it was sought, why it could
// not be obtained, and what to do.
type MissingError struct {
	What   string
	Looked []string
	Reason error
	Mend   string
}

// Error puts everything on one line but the remedy, which has its own.
func (e *MissingError) Error() string {
	var text strings.Builder
	fmt.Fprintf(&text, "%s not found in %s", e.What, strings.Join(e.Looked, ", "))
	if e.Reason != nil {
		fmt.Fprintf(&text, "; %v", e.Reason)
	}
	fmt.Fprintf(&text, "\n  to mend it: %s", e.Mend)
	return text.String()
}

// Unwrap returns the reason.
func (e *MissingError) Unwrap() error { return e.Reason }
