package ops_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/cutover/cutover/shared/contract"
	"github.com/cutover/cutover/shared/ops/fault"
	"github.com/cutover/cutover/shared/policy/table"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/kms"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/stretchr/testify/require"
)

// oneKey is a world whose security layer makes one key that goes too soon.
func oneKey(t *testing.T) *world {
	t.Helper()
	w := newWorld(t)
	w.program = make(map[contract.Layer]pulumi.RunFunc)
	for _, layer := range contract.Layers() {
		w.program[layer] = func(*pulumi.Context) error { return nil }
		dir := filepath.Join(w.root, "projects", string(layer))
		require.NoError(t, os.MkdirAll(dir, 0o750))
		for _, name := range []string{"staging", "prod"} {
			require.NoError(t, os.WriteFile(filepath.Join(dir, "Pulumi."+name+".yaml"), []byte("config: {}\n"), 0o600))
		}
	}
	w.program[contract.Security] = func(ctx *pulumi.Context) error {
		_, err := kms.NewKey(ctx, "hasty", &kms.KeyArgs{DeletionWindowInDays: pulumi.Int(7)})
		return err
	}
	return w
}

func TestPolicyTestNamesWhatIsWrongInEachEnvironmentButTheLocalOne(t *testing.T) {
	w := oneKey(t)
	err := w.app(t).PolicyTest(context.Background())
	require.Equal(t, fault.Policy, fault.CodeOf(err))
	for _, environment := range []string{"staging", "prod"} {
		require.ErrorContains(t, err, environment+`: S-02 [PCI DSS 3.7.5], clause window: aws:kms/key:Key "hasty"`)
	}
	require.NotContains(t, err.Error(), "local:")
	require.Contains(t, w.out.String(), "137 controls")
	require.NoFileExists(t, filepath.Join(w.root, ".cutover", "policy", "evidence.csv"))
}

func TestPolicyReportWritesTheEvidenceEvenWhenControlsFail(t *testing.T) {
	w := oneKey(t)
	err := w.app(t).PolicyReport(context.Background())
	require.Equal(t, fault.Policy, fault.CodeOf(err))
	for file, want := range map[string]string{
		".cutover/policy/evidence.csv":     "3.7.5,S-02,must,prod,non-compliant,urn:pulumi:prod::security::aws:kms/key:Key::hasty,window,7,30,",
		".cutover/policy/evidence.md":      "| S-02 |",
		".cutover/policy/reachability.csv": "environment,from,",
		table.File:                         "# Controls",
	} {
		path := filepath.Join(w.root, filepath.FromSlash(file))
		text, readErr := os.ReadFile(path)
		require.NoError(t, readErr)
		require.Contains(t, string(text), want)
		require.Contains(t, w.out.String(), path)
	}
}

func TestPolicyRefusesUnknownSettingsAndProgramsThatFail(t *testing.T) {
	w := oneKey(t)
	require.Equal(t, fault.Usage, fault.CodeOf(w.app(t, "-nonsense=1").PolicyTest(context.Background())))
	broken := errors.New("no network")
	w.program[contract.Foundation] = func(*pulumi.Context) error { return broken }
	err := w.app(t).PolicyTest(context.Background())
	require.ErrorIs(t, err, broken)
	require.ErrorContains(t, err, "record layer foundation of staging")
}
