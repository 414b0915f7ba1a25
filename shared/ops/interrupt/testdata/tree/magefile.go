//go:build mage

// A magefile over the runner with an engine in memory, whose data layer takes
// longer than mage waits after a Ctrl-C.
package main

import (
	"context"
	"os"
	"path/filepath"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/cutover/cutover/shared/contract"
	"github.com/cutover/cutover/shared/ops"
	"github.com/cutover/cutover/shared/ops/emulator"
	"github.com/cutover/cutover/shared/ops/engine"
	"github.com/cutover/cutover/shared/ops/engine/enginetest"
	"github.com/cutover/cutover/shared/ops/fault"
	"github.com/cutover/cutover/shared/ops/toolchain"
	"github.com/magefile/mage/mg"
)

// patience is longer than the five seconds after which mage ends a target.
const patience = 7 * time.Second

// Slow deploys; its data layer goes on until the file "heard" in the tree's root says
// that the first Ctrl-C was heard, and for a while after it; it ends at once when it is
// cancelled.
func Slow(ctx context.Context) error {
	fake := enginetest.NewFake()
	fake.Hook = func(ctx context.Context, op string, l contract.Layer) error {
		if op != "up" || l != contract.Data {
			return nil
		}
		for wait := 10 * time.Millisecond; ctx.Err() == nil && wait < patience; {
			if _, err := os.Stat(filepath.Join(os.Getenv("TREE_ROOT"), "heard")); err == nil {
				wait = patience
			}
			select {
			case <-ctx.Done():
			case <-time.After(wait):
			}
		}
		return nil
	}
	ports := ops.DefaultPorts()
	ports.Engine = func(engine.Options) (engine.Engine, error) { return fake, nil }
	ports.Toolchain = func(context.Context, toolchain.Options) (toolchain.Toolchain, error) {
		return toolchain.Toolchain{}, nil
	}
	ports.Emulator = func(emulator.Options) ops.Emulator { return nothing{} }
	ports.Account = func(context.Context, aws.Config) (string, error) { return "123456789012", nil }
	config := ops.Config{Root: os.Getenv("TREE_ROOT"), Environments: []string{"local"}, Load: environment}
	for _, l := range contract.Layers() {
		config.Layers = append(config.Layers, ops.Layer{Name: l})
	}
	app, err := ops.NewWith(config, ports)
	if err != nil {
		return err
	}
	if err := app.DeployAll(ctx); err != nil {
		return mg.Fatal(int(fault.CodeOf(err)), err)
	}
	return nil
}

func environment(string, string) (ops.Environment, error) {
	return ops.Environment{Name: "local", AccountID: "123456789012", Region: "us-east-1", Backend: "file://.cutover/state", Local: true}, nil
}

// nothing is an emulator that is always there.
type nothing struct{}

func (nothing) Up(context.Context) error                        { return nil }
func (nothing) Down(context.Context) error                      { return nil }
func (nothing) Reset(context.Context) error                     { return nil }
func (nothing) Status(context.Context) (emulator.Status, error) { return emulator.Status{}, nil }
func (nothing) Env() map[string]string                          { return nil }
func (nothing) Python(context.Context) (string, error)          { return "", nil }
