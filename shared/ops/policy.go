package ops

import (
	"bytes"
	"context"
	"encoding/csv"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/cutover/cutover/shared/ops/fault"
	"github.com/cutover/cutover/shared/ops/settings"
	"github.com/cutover/cutover/shared/policy/checks"
	"github.com/cutover/cutover/shared/policy/evidence"
	"github.com/cutover/cutover/shared/policy/exceptions"
	"github.com/cutover/cutover/shared/policy/graph"
	"github.com/cutover/cutover/shared/policy/table"
)

// policyDir is where the evidence is kept, below the checkout.
const policyDir = ".cutover/policy"

// PolicyTest checks the controls over what the programs register in every
// environment but the local one. It needs neither AWS nor a state.
func (a *App) PolicyTest(context.Context) error {
	report, _, err := a.policyReport()
	if err != nil {
		return err
	}
	return a.policyVerdict(report)
}

// PolicyReport is PolicyTest that writes the evidence down, as CSV and Markdown,
// and the page of controls.
func (a *App) PolicyReport(context.Context) error {
	report, graphs, err := a.policyReport()
	if err != nil {
		return err
	}
	var lines bytes.Buffer
	if err := report.WriteCSV(&lines); err != nil {
		return err
	}
	files := []struct {
		path string
		text []byte
	}{
		{filepath.Join(policyDir, "evidence.csv"), lines.Bytes()},
		{filepath.Join(policyDir, "evidence.md"), []byte(report.Markdown())},
		{filepath.Join(policyDir, "reachability.csv"), reachabilityCSV(graphs)},
		{filepath.FromSlash(table.File), []byte(table.Markdown())},
	}
	for _, file := range files {
		if err := a.writeEvidence(file.path, file.text); err != nil {
			return err
		}
	}
	return a.policyVerdict(report)
}

func (a *App) writeEvidence(path string, text []byte) error {
	full := filepath.Join(a.config.Root, path)
	if err := os.MkdirAll(filepath.Dir(full), 0o750); err != nil {
		return fmt.Errorf("make folder of evidence: %w", err)
	}
	if err := os.WriteFile(full, text, 0o644); err != nil { //nolint:gosec // evidence is for everybody
		return fmt.Errorf("write evidence: %w", err)
	}
	return a.print(full + "\n")
}

// policyReport records and evaluates every environment that is not local.
func (a *App) policyReport() (evidence.Report, []*graph.Graph, error) {
	if _, err := settings.Load(a.config.Flags, a.ports.Environ(), a.config.Environments); err != nil {
		return evidence.Report{}, nil, err
	}
	now := a.ports.Now()
	var graphs []*graph.Graph
	var outcomes []checks.Outcome
	for _, name := range a.config.Environments {
		env, err := a.config.Load(a.config.Root, name)
		if err != nil {
			return evidence.Report{}, nil, fault.Wrap(fault.Usage, err)
		}
		if env.Local {
			continue
		}
		g, err := graph.Record(graph.Environment{Name: name, AccountID: env.AccountID, Region: env.Region}, a.programs(name))
		if err != nil {
			return evidence.Report{}, nil, err
		}
		graphs = append(graphs, g)
		outcomes = append(outcomes, checks.Evaluate(g, exceptions.Register(), now))
	}
	return evidence.New(outcomes, exceptions.Register(), now), graphs, nil
}

func (a *App) programs(environment string) []graph.Layer {
	layers := make([]graph.Layer, len(a.config.Layers))
	for i, layer := range a.config.Layers {
		layers[i] = graph.Layer{Name: layer.Name, Program: layer.Program, StackFile: layer.file(environment)}
	}
	return layers
}

// policyVerdict prints the figures, and all that is not as it has to be; that is
// a failure with the exit status of policies.
func (a *App) policyVerdict(report evidence.Report) error {
	if err := a.print(report.Counts().String() + "\n"); err != nil {
		return err
	}
	for _, sentence := range report.Advice() {
		if err := a.print("should: " + sentence + "\n"); err != nil {
			return err
		}
	}
	failures := report.Failures()
	if len(failures) == 0 {
		return nil
	}
	return fault.New(fault.Policy, "%d controls or exceptions are not as they have to be:\n  %s", len(failures), strings.Join(failures, "\n  "))
}

// reachabilityCSV lists which subnets can talk to which, for the assessor.
func reachabilityCSV(graphs []*graph.Graph) []byte {
	var text bytes.Buffer
	out := csv.NewWriter(&text)
	lines := [][]string{{"environment", "from", "from network", "to", "to network", "TCP ports among those at which a network ACL changes"}}
	for _, g := range graphs {
		for _, path := range checks.Paths(g) {
			ports := make([]string, len(path.Ports))
			for i, port := range path.Ports {
				ports[i] = strconv.Itoa(port)
			}
			lines = append(lines, []string{
				g.Environment.Name, path.From.Name, path.From.Text("cidrBlock"), path.To.Name, path.To.Text("cidrBlock"), strings.Join(ports, " "),
			})
		}
	}
	_ = out.WriteAll(lines) // a buffer takes everything
	return text.Bytes()
}
