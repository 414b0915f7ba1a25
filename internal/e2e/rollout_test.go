//go:build e2e

package e2e_test

import (
	"bytes"
	"context"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cutover/cutover/shared/contract"
	"github.com/cutover/cutover/shared/ops/fault"
)

// ownStackFile gives the site a stack file of its own in place of the checkout's.
func (s *site) ownStackFile(t *testing.T, layer contract.Layer) string {
	t.Helper()
	const name = "Pulumi.local.yaml"
	projects := filepath.Join(s.root, "projects")
	sources, err := os.Readlink(projects) // an error, rather than the checkout's own folder
	require.NoError(t, err)
	require.NoError(t, os.Remove(projects))
	linkAllBut(t, sources, projects, string(layer))
	linkAllBut(t, filepath.Join(sources, string(layer)), filepath.Join(projects, string(layer)), name)
	content, err := os.ReadFile(filepath.Join(sources, string(layer), name))
	require.NoError(t, err)
	own := filepath.Join(projects, string(layer), name)
	require.NoError(t, os.WriteFile(own, content, 0o600))
	return own
}

// linkAllBut makes a folder that shows what is in another one, but for one entry.
func linkAllBut(t *testing.T, sources, folder, entry string) {
	t.Helper()
	require.NoError(t, os.Mkdir(folder, 0o750))
	entries, err := os.ReadDir(sources)
	require.NoError(t, err)
	for _, each := range entries {
		if each.Name() != entry {
			require.NoError(t, os.Symlink(filepath.Join(sources, each.Name()), filepath.Join(folder, each.Name())))
		}
	}
}

// changeImages calls the emulator's switch for images that do not work.
func (s *site) changeImages(ctx context.Context, t *testing.T, method, body string) {
	t.Helper()
	request, err := http.NewRequestWithContext(ctx, method, "http://"+s.address+"/_cutover/ecs/broken-images", bytes.NewBufferString(body))
	require.NoError(t, err)
	answer, err := http.DefaultClient.Do(request)
	require.NoError(t, err)
	require.NoError(t, answer.Body.Close())
	require.Equal(t, http.StatusNoContent, answer.StatusCode)
}

// A circuit breaker ends a bad deployment with the tasks of the one before, all
// healthy: the provider calls that success. The operator must not.
func (s *site) deploymentThatNeverBecomesHealthy(ctx context.Context, t *testing.T) {
	t.Helper()
	file := s.ownStackFile(t, contract.Services)
	content, err := os.ReadFile(file)
	require.NoError(t, err)
	before, after, found := strings.Cut(string(content), "sha256:14b9ac9cc9883f891b2e72058aadb57305ec715b54406a5521c699f0da2ec4f2")
	require.True(t, found)
	bad := "sha256:" + strings.Repeat("bad0", 16)
	require.NoError(t, os.WriteFile(file, []byte(before+bad+after), 0o600))
	s.changeImages(ctx, t, http.MethodPost, `{"image": "`+bad+`", "fault": "pull"}`)

	for attempt, asked := range []string{"2", "2"} {
		s.out.Reset()
		err = s.app(t).Deploy(ctx, contract.Services)
		assert.Equal(t, fault.Verification, fault.CodeOf(err), "attempt %d: %v", attempt, err)
		for _, part := range []string{
			"payment-api in blue: runs cutover-local-blue-payment-api:1, asked for cutover-local-blue-payment-api:" + asked + ": the deployment was undone",
			"task stopped: CannotPullContainerError", "deployment failed: tasks failed to start", "rolling back to deployment",
		} {
			assert.Contains(t, s.out.String(), part, "attempt %d", attempt)
		}
		assert.NotContains(t, s.out.String(), "payment-api in green: runs")
	}
	s.out.Reset()
	assert.Equal(t, fault.Verification, fault.CodeOf(s.app(t).Verify(ctx, contract.Services)))
	assert.Contains(t, s.out.String(), "payment-api in blue: runs cutover-local-blue-payment-api:1")

	s.changeImages(ctx, t, http.MethodDelete, "")
	require.NoError(t, s.app(t).Deploy(ctx, contract.Services), s.out)
	require.NoError(t, s.app(t).Verify(ctx, contract.Services), s.out)
}
