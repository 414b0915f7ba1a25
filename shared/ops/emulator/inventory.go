package emulator

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os/exec"
	"strings"
)

// Inventory counts what a deployment could have made in the running emulator,
// as "service: kind" to a number, kinds without any left out. It asks the AWS
// API, through boto3, and no state of anybody's; what every account has by
// default (default VPC, AWS-managed policies, default parameter groups …) is not
// counted. KMS keys that wait for their deletion are "kms: pending deletion".
func (e *Emulator) Inventory(ctx context.Context) (map[string]int, error) {
	if _, err := e.askHealth(ctx); err != nil {
		return nil, fmt.Errorf("count what is in the emulator: %w", err)
	}
	python, err := e.Python(ctx)
	if err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, python, "-m", "cutover_emulator.inventory", "--endpoint", e.url(""), "--json") //nolint:gosec // the virtual environment's own interpreter
	cmd.Env = e.pythonEnv()
	var said bytes.Buffer
	cmd.Stderr = &said
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("count what is in the emulator: %w\n%s", err, strings.TrimSpace(said.String()))
	}
	counts := map[string]int{}
	if err := json.Unmarshal(out, &counts); err != nil {
		return nil, fmt.Errorf("the inventory answered %q, not a map of counts: %w", out, err)
	}
	return counts, nil
}
