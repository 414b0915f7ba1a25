package move_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cutover/cutover/projects/migration/desk"
	"github.com/cutover/cutover/projects/migration/function"
	"github.com/cutover/cutover/projects/migration/lane/control"
	"github.com/cutover/cutover/projects/migration/lane/finalise"
	"github.com/cutover/cutover/projects/migration/lane/preflight"
	"github.com/cutover/cutover/projects/migration/lane/proof"
	"github.com/cutover/cutover/projects/migration/lane/switching"
	"github.com/cutover/cutover/projects/migration/move"
	items "github.com/cutover/cutover/shared/control"
	"github.com/cutover/cutover/shared/naming"
	"github.com/cutover/cutover/shared/ops/fault"
)

// commands are those that first ask where the switch stands.
var commands = map[string]func(context.Context, *move.Operator) error{
	"cutover here": func(ctx context.Context, o *move.Operator) error { return o.Switch(ctx, nil, naming.Green, "why", nil) },
	"cutover":      func(ctx context.Context, o *move.Operator) error { return o.SwitchBy(ctx, nil, naming.Green, "why") },
	"cancel":       func(ctx context.Context, o *move.Operator) error { return o.Decide(ctx, nil, function.Cancel, "why") },
	"accept":       func(ctx context.Context, o *move.Operator) error { return o.Decide(ctx, nil, function.Accept, "why") },
	"thaw":         func(ctx context.Context, o *move.Operator) error { return o.Decide(ctx, nil, function.Thaw, "why") },
	"finalise":     func(ctx context.Context, o *move.Operator) error { return o.FinaliseBy(ctx, nil, finalise.Order{}) },
	"start":        func(ctx context.Context, o *move.Operator) error { return o.Start(ctx, naming.Green, "") },
	"preflight":    func(ctx context.Context, o *move.Operator) error { return o.Preflight(ctx, naming.Green) },
	"ready": func(ctx context.Context, o *move.Operator) error {
		return o.Ready(ctx, naming.Green, func(context.Context) preflight.Facts { return preflight.Facts{} })
	},
	"abandon": func(ctx context.Context, o *move.Operator) error { return o.Abandon(ctx, "why") },
}

// storeDesk asks the store only, as the act that abandons a migration does.
type storeDesk struct{ store control.Store }

func (d storeDesk) Do(ctx context.Context, _ desk.Request) (desk.Reply, error) {
	_, _, err := switching.Status(ctx, d.store)
	return desk.Reply{}, err
}

// What stands in the control store and means nothing to this version is told with its
// place, what was found and what is expected, and by no command taken for a switch, or
// an authority, that is not there.
func TestAStateThatIsNotKnownIsNotTakenForNone(t *testing.T) {
	token := items.Token{Epoch: 1, Holder: naming.Blue, Phase: items.PhaseOpen}
	sw := items.Switch{State: items.Fenced, From: naming.Blue, To: naming.Green, Epoch: 1, Attempt: "x"}
	for name, c := range map[string]struct {
		spoil func(token, sw map[string]string)
		says  []string
	}{
		"a step":           {func(_, sw map[string]string) { sw[items.FieldState] = "FENCED_TWICE" }, []string{`switch state is "FENCED_TWICE": expected one of [STEADY`}},
		"a field":          {func(_, sw map[string]string) { sw["later"] = "1" }, []string{`switch has the field "later": expected only`}},
		"a phase":          {func(token, _ map[string]string) { token[items.FieldPhase] = "ajar" }, []string{"authority", `"ajar"`, "expected one of"}},
		"a text that ends": {nil, []string{"not an item of the control store", "switch.json"}},
	} {
		for command, call := range commands {
			t.Run(name+", "+command, func(t *testing.T) {
				store := &control.File{Folder: t.TempDir()}
				tokenFields, switchFields := token.Fields(), sw.Fields()
				if c.spoil != nil {
					c.spoil(tokenFields, switchFields)
				}
				require.NoError(t, store.Put(t.Context(), items.AuthorityItem, control.Item{Rev: 1, Fields: tokenFields}))
				require.NoError(t, store.Put(t.Context(), items.SwitchItem, control.Item{Rev: 1, Fields: switchFields}))
				if c.spoil == nil {
					require.NoError(t, os.WriteFile(filepath.Join(store.Folder, "switch.json"), []byte(`{"rev": 1, "fiel`), 0o600))
				}
				o := &move.Operator{Store: store, Desk: storeDesk{store}, By: "ann", Now: time.Now, Say: func(string, ...any) {}}
				err := call(t.Context(), o)
				require.Error(t, err)
				assert.Equal(t, fault.Verification, fault.CodeOf(err), "%v", err)
				for _, part := range append(c.says, "folder "+store.Folder, "nothing was changed", "mend it with: go tool mage migrate:status") {
					assert.Contains(t, err.Error(), part)
				}
				assert.NotContains(t, err.Error(), "nothing to")
			})
		}
	}
}

// Before anybody has the authority there is no switch to move, to decide or to end.
func TestWithoutATokenThereIsNoSwitch(t *testing.T) {
	for command, code := range map[string]fault.Code{
		"cutover here": fault.Gate, "cutover": fault.Gate, "cancel": fault.Usage, "accept": fault.Usage, "thaw": fault.Usage, "finalise": fault.Gate,
	} {
		o := &move.Operator{Store: &control.Memory{}, By: "ann", Now: time.Now, Say: func(string, ...any) {}}
		err := commands[command](t.Context(), o)
		require.ErrorIs(t, err, control.ErrAbsent, command)
		assert.Equal(t, code, fault.CodeOf(err), "%s: %v", command, err)
	}
}

// moved is a primary whose authority has moved.
type moved struct{ switching.Primary }

func (moved) Name() string                                { return "databases" }
func (moved) Close(context.Context, switching.Try) error  { return nil }
func (moved) Disarm(context.Context, switching.Try) error { return nil }
func (moved) Confirm(context.Context, switching.Try) []switching.Gate {
	return []switching.Gate{switching.Held("moved", true, "")}
}

// A command that goes on with a switch whose process was lost after it had let writers
// go on tells how long they waited from what was stored, or that nobody knows.
func TestACommandThatGoesOnTellsThePauseThatWasStored(t *testing.T) {
	for name, c := range map[string]struct {
		pause time.Duration
		says  string
	}{
		"stored":    {812 * time.Millisecond, "writers waited 812ms; the proof is p"},
		"not known": {0, "how long writers waited is not known"},
	} {
		t.Run(name, func(t *testing.T) {
			folder := t.TempDir()
			proofs := &proof.Folder{Path: folder}
			key, err := proof.LoadKey(filepath.Join(folder, "key"))
			require.NoError(t, err)
			draft, err := proof.Seal(t.Context(), key, proof.Record{ID: "p"})
			require.NoError(t, err)
			require.NoError(t, proofs.Put(t.Context(), proof.Draft("p"), draft))
			s := &control.Memory{}
			token := items.Token{Epoch: 2, Holder: naming.Green, Phase: items.PhaseOpen, ProofID: "p"}
			require.NoError(t, s.Put(t.Context(), items.AuthorityItem, control.Item{Rev: 1, Fields: token.Fields()}))
			sw := items.Switch{State: items.Switched, From: naming.Blue, To: naming.Green, Epoch: 1, Attempt: "p", ProofID: "p", Pause: c.pause}
			require.NoError(t, s.Put(t.Context(), items.SwitchItem, control.Item{Rev: 1, Fields: sw.Fields()}))
			said := &strings.Builder{}
			o := &move.Operator{Store: s, By: "ann", Now: time.Now, Say: func(format string, args ...any) { _, _ = fmt.Fprintf(said, format+"\n", args...) }}
			m := &switching.Machine{Store: s, Primary: moved{}, Signer: key, Proofs: proofs, Limits: switching.Defaults(), Owner: "me", Now: time.Now}
			require.NoError(t, o.Switch(t.Context(), m, naming.Green, "why", func(id string) string { return id }))
			assert.Contains(t, said.String(), c.says)
			assert.NotContains(t, said.String(), "waited 0s")
			body, err := proofs.Get(t.Context(), "p")
			require.NoError(t, err)
			record, err := proof.Open(t.Context(), key, body)
			require.NoError(t, err)
			assert.Equal(t, c.pause == 0, record.Pause == nil)
		})
	}
	// By calls of a function the answer has it.
	s, said := store(t, naming.Blue, ""), &strings.Builder{}
	m := &mover{answer: function.SwitchAnswer{Outcome: function.Done, Epoch: 2, Proof: "p"}, moved: func() {
		token := items.Token{Epoch: 2, Holder: naming.Green, Phase: items.PhaseOpen}
		require.NoError(t, s.Put(t.Context(), items.AuthorityItem, control.Item{Rev: 2, Fields: token.Fields()}))
	}}
	o := &move.Operator{Store: s, By: "ann", Now: time.Now, Say: func(format string, args ...any) { _, _ = fmt.Fprintf(said, format+"\n", args...) }}
	err := o.SwitchBy(t.Context(), m, naming.Green, "why")
	require.NoError(t, err)
	assert.Contains(t, said.String(), "how long writers waited is not known")
}

// After the end no command begins, or goes on with, anything.
func TestAnEnvironmentIsMigratedOnce(t *testing.T) {
	calls := map[string]func(context.Context, *move.Operator) error{
		"verify":   func(ctx context.Context, o *move.Operator) error { return o.Verify(ctx, clean{}, naming.Green) },
		"reload":   func(ctx context.Context, o *move.Operator) error { return o.Reload(ctx, naming.Green, "a.b", "why") },
		"writers":  func(ctx context.Context, o *move.Operator) error { return o.Writers(ctx) },
		"rollback": func(ctx context.Context, o *move.Operator) error { return o.SwitchBy(ctx, nil, naming.Blue, "why") },
	}
	for _, name := range []string{"cutover here", "cutover", "cancel", "accept", "thaw", "start", "preflight"} {
		calls[name] = commands[name]
	}
	for name, call := range calls {
		for _, dry := range []bool{true, false} {
			o := &move.Operator{Store: store(t, naming.Green, items.Finalised), DryRun: dry, By: "ann", Now: time.Now, Say: func(string, ...any) {}}
			err := call(t.Context(), o)
			require.Equal(t, fault.Gate, fault.CodeOf(err), "%s: %v", name, err)
			require.ErrorContains(t, err, "the migration has ended: its lanes are gone, and nobody can go back; an environment is migrated once", name)
		}
	}
}
