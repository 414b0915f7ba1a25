//go:build soak

package lane_test

import "testing"

// Every fault of the list is found by itself.
func TestEachDifferenceIsFoundByItself(t *testing.T) {
	w := following(t)
	w.exec(w.green, `SET session_replication_role = replica`)
	v := w.verifier("pass")
	for name := range faults {
		t.Run(name, func(t *testing.T) {
			outer := w.t
			w.t = t
			defer func() { w.t = outer }()
			w.spoiled(v, name)
		})
	}
}
