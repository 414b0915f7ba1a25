package migration

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cutover/cutover/shared/contract"
	"github.com/cutover/cutover/shared/pulumitest"
)

func TestEveryFunctionHasACommandOfAtMostTwentyFiveLines(t *testing.T) {
	for _, f := range functions(Workers{}) {
		source, err := os.ReadFile(filepath.Join("..", f.source(), "main.go"))
		require.NoError(t, err)
		assert.LessOrEqual(t, strings.Count(string(source), "\n"), 25, f.name)
	}
	commands, err := filepath.Glob("../lambda/*/main.go")
	require.NoError(t, err)
	assert.Len(t, commands, len(functions(Workers{})), "a command that is not listed is never built")
}

func TestPrepareBuildsTheZipsThatTheProgramRefersTo(t *testing.T) {
	if testing.Short() {
		t.Skip("builds the functions")
	}
	project, err := filepath.Abs("..")
	require.NoError(t, err)
	said := &bytes.Buffer{}
	require.NoError(t, Prepare(context.Background(), project, said))
	for _, f := range functions(Workers{}) {
		assert.FileExists(t, filepath.Join(project, f.zip()))
		assert.Contains(t, said.String(), f.zip())
	}
}

func TestPrepareNamesTheFunctionThatDoesNotBuild(t *testing.T) {
	err := Prepare(context.Background(), t.TempDir(), &bytes.Buffer{})
	require.ErrorContains(t, err, "build function canary: go build ./lambda/canary in ")
}

func TestWrongArgumentsAreToldTogether(t *testing.T) {
	_, err := pulumitest.Run(t, pulumitest.Options{Layer: contract.Migration, Stack: "local"}, func(ctx *pulumi.Context) error {
		_, err := NewSync(ctx, "red", &SyncArgs{Color: "red"})
		return err
	})
	for _, part := range []string{"sync of red", `colour "red"`, "account id: is empty", "control table: is missing", "records: something is missing", "operator role: is missing", "workers to load: got 0"} {
		require.ErrorContains(t, err, part)
	}
}
