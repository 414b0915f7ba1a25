// Package lint runs parliament, a public linter of IAM policies, over the
// documents of a recorded environment: unknown actions, resources that an action
// does not know, conditions that it does not carry. It proves nothing about who
// may do what; the access package does.
package lint

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"

	"github.com/cutover/cutover/shared/ops/pyenv"
	"github.com/cutover/cutover/shared/policy/document"
	"github.com/cutover/cutover/shared/policy/graph"
)

// Finding is what the linter says about one document.
type Finding struct {
	// Name is type and logical name of the holder, Kind what the document decides.
	Name string        `json:"name"`
	Kind document.Kind `json:"kind"`
	// Issue is parliament's name for it, Detail its text, or JSON.
	Issue  string `json:"issue"`
	Detail string `json:"detail"`
}

// String is the finding on one line.
func (f Finding) String() string { return fmt.Sprintf("%s: %s: %s", f.Name, f.Issue, f.Detail) }

// input is one document for the linter.
type input struct {
	Name string        `json:"name"`
	Kind document.Kind `json:"kind"`
	ARN  string        `json:"arn"`
	Text string        `json:"text"`
}

// Environment is the virtual environment of the linter of the checkout at root.
func Environment(root string) *pyenv.Env {
	return &pyenv.Env{Name: "policylint", Requirements: filepath.Join(root, "tools", "policylint", "requirements.txt")}
}

// Run lints every document of a graph. It needs the linter's environment, which
// is made when it is not there.
func Run(ctx context.Context, root string, g *graph.Graph) ([]Finding, error) {
	documents, problems := document.All(g)
	if err := errors.Join(problems...); err != nil {
		return nil, err
	}
	inputs := make([]input, len(documents))
	for i, each := range documents {
		inputs[i] = input{Name: each.Holder.String(), Kind: each.Place.Kind, Text: each.Holder.Text(each.Place.Path)}
		if target := each.Target(); target != nil {
			inputs[i].ARN = target.Output("arn")
		}
	}
	python, err := Environment(root).Interpreter(ctx)
	if err != nil {
		return nil, err
	}
	text, err := json.Marshal(inputs)
	if err != nil {
		return nil, fmt.Errorf("write the documents for the linter: %w", err)
	}
	return lint(ctx, python, filepath.Join(root, "tools", "policylint", "lint.py"), text)
}

func lint(ctx context.Context, python, script string, documents []byte) ([]Finding, error) {
	cmd := exec.CommandContext(ctx, python, "-W", "ignore", script) //nolint:gosec // the tool's own interpreter
	var out, problems bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = bytes.NewReader(documents), &out, &problems
	if err := cmd.Run(); err != nil {
		return nil, fmt.Errorf("run the policy linter: %w\n%s", err, problems.String())
	}
	var findings []Finding
	if err := json.Unmarshal(out.Bytes(), &findings); err != nil {
		return nil, fmt.Errorf("read the linter's findings: %w", err)
	}
	return findings, nil
}
