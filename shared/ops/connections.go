package ops

import (
	"context"
	"fmt"
	"os"
	"strings"

	"github.com/cutover/cutover/shared/contract"
	"github.com/cutover/cutover/shared/ops/engine"
	"github.com/cutover/cutover/shared/ops/fault"
	"github.com/cutover/cutover/shared/ops/settings"
)

// Connection is a way into a store, password included.
type Connection struct {
	// Name says whose it is, for example "blue master writer".
	Name string `json:"name"`
	// SecretARN is where the password comes from.
	SecretARN string `json:"secretArn"`
	// URL is what a client takes. It is shown and kept nowhere.
	URL string `json:"url"`
}

// showConnections resolves the connection strings of one layer for whoever may
// read the secrets, and leaves a line in the audit trail, without the strings.
func (s *session) showConnections(ctx context.Context, one contract.Layer) error {
	layer := s.app.layers[one]
	if layer.Connections == nil {
		return fault.New(fault.Usage, "%s has no connections to show: expected a layer with %s", s.target, strings.Join(s.app.connectable(), ", ")).
			WithHint("%s", s.set.Command("outputs:"+string(contract.Data)))
	}
	if err := s.mayReveal(); err != nil {
		return err
	}
	if err := s.connect(ctx); err != nil {
		return err
	}
	outputs, err := s.engine.Outputs(ctx, s.stack(string(one), os.DevNull))
	if err != nil {
		return err
	}
	if err := s.auditReveal(one, "started"); err != nil {
		return err
	}
	found, failure := layer.Connections(ctx, Verification{
		Environment: s.env.Name, AWS: s.cloud, Outputs: outputs, Color: string(s.set.Color),
	})
	result := "succeeded"
	if failure != nil {
		result = "failed"
	}
	if err := s.auditReveal(one, result); err != nil {
		return err
	}
	if err := s.printConnections(found); err != nil {
		return err
	}
	return failure
}

// mayReveal refuses to write passwords where nobody asked for them: into a file
// or a pipe without a word, or in a guarded environment without a reason.
func (s *session) mayReveal() error {
	if !s.app.ports.Terminal && !s.set.Yes {
		again := s.set
		again.Yes = true
		return fault.New(fault.Usage, "%s would write passwords to something that is no terminal", s.target).
			WithHint("%s", again.Command(s.target))
	}
	if s.env.Guarded && s.set.Reason == "" {
		return fault.New(fault.Usage, "%s shows passwords of %s: expected a reason", s.target, s.env.Name).
			WithHint("%s -reason='…'", s.set.Command(s.target))
	}
	return nil
}

func (s *session) auditReveal(layer contract.Layer, result string) error {
	entry := s.auditEntry("show-connection:"+string(layer), result, "", engine.Changes{})
	if err := s.app.store.Append(entry); err != nil {
		return fmt.Errorf("audit %s: %w", s.target, err)
	}
	return nil
}

func (s *session) printConnections(found []Connection) error {
	switch s.set.Output {
	case settings.JSON:
		return s.app.printJSON(found)
	case settings.Markdown:
		var b strings.Builder
		b.WriteString("| connection | URL |\n|---|---|\n")
		for _, c := range found {
			fmt.Fprintf(&b, "| %s | %s |\n", c.Name, c.URL)
		}
		return s.app.print(b.String())
	case settings.Table:
	}
	var b strings.Builder
	for _, c := range found {
		fmt.Fprintf(&b, "%s = %s\n", c.Name, c.URL)
	}
	return s.app.print(b.String())
}

// connectable lists the layers that have connections.
func (a *App) connectable() []string {
	var names []string
	for _, l := range a.config.Layers {
		if l.Connections != nil {
			names = append(names, string(l.Name))
		}
	}
	return names
}
