package ops

import (
	"context"
	"fmt"
	"os"
	"strings"

	"github.com/cutover/cutover/shared/contract"
	"github.com/cutover/cutover/shared/ops/fault"
)

// VerifyAll asks AWS whether what every layer deployed is there and healthy.
func (a *App) VerifyAll(ctx context.Context) error { return a.check(ctx, "verify:all", "") }

// Verify asks AWS about one layer.
func (a *App) Verify(ctx context.Context, layer contract.Layer) error {
	return a.check(ctx, "verify:"+string(layer), layer)
}

func (a *App) check(ctx context.Context, target string, one contract.Layer) error {
	s, err := a.open(ctx, target)
	if err != nil {
		return err
	}
	selected, err := s.selection(one)
	if err != nil {
		return err
	}
	if err := s.equip(ctx); err != nil {
		return err
	}
	if err := s.connect(ctx); err != nil {
		return err
	}
	var failed []string
	for _, name := range selected {
		line, err := s.verify(ctx, name)
		if err != nil {
			failed = append(failed, name)
			line = "failed: " + err.Error()
		}
		s.con.Say(name, "%s", line)
	}
	if len(failed) > 0 {
		return fault.New(fault.Verification, "%s in %s: not as it should be: %s", target, s.env.Name, strings.Join(failed, ", "))
	}
	return nil
}

func (s *session) verify(ctx context.Context, name string) (string, error) {
	layer := s.app.layers[contract.Layer(name)]
	if layer.Verify == nil {
		return "has no check", nil
	}
	outputs, err := s.engine.Outputs(ctx, s.stack(name, os.DevNull))
	if err != nil {
		return "", err
	}
	v := Verification{Environment: s.env.Name, AWS: s.cloud, Outputs: outputs, Color: string(s.set.Color)}
	if err := layer.Verify(ctx, v); err != nil {
		return "", fmt.Errorf("verify %s: %w", name, err)
	}
	return "ok", nil
}
