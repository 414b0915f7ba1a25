package rdstrust

import (
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func authorities(t *testing.T) []*x509.Certificate {
	t.Helper()
	var found []*x509.Certificate
	for rest := bundle; ; {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			return found
		}
		certificate, err := x509.ParseCertificate(block.Bytes)
		require.NoError(t, err)
		found = append(found, certificate)
	}
}

// The fingerprints are those of AWS's published bundle, so that no other
// authority gets in with an edit of the file.
func TestBundleHoldsTheRootsOfTheRegionAndNoOthers(t *testing.T) {
	want := map[string]string{
		"Amazon RDS us-east-1 Root CA RSA2048 G1": "e4ce41d069f4bdcdb714259058961ee42ed18cf2bf627a3d647aff25437d4b68",
		"Amazon RDS us-east-1 Root CA RSA4096 G1": "1c753cf0334ff82a47e0d3205839c8549b7d9a8a3d9a685cccecc80f82fe97e6",
		"Amazon RDS us-east-1 Root CA ECC384 G1":  "82d99e9e409703044c3f886f87a0408c96cd74dee2c9ba920e6553a32e372539",
	}
	got := map[string]string{}
	for _, certificate := range authorities(t) {
		sum := sha256.Sum256(certificate.Raw)
		got[certificate.Subject.CommonName] = hex.EncodeToString(sum[:])
		require.True(t, certificate.IsCA)
		require.NoError(t, certificate.CheckSignatureFrom(certificate), "a root signs itself")
		require.True(t, certificate.NotAfter.After(time.Now().AddDate(1, 0, 0)), "%s ends within a year", certificate.Subject.CommonName)
	}
	require.Equal(t, want, got)
}

func TestPoolIsTheBundlesOrTheFiles(t *testing.T) {
	ours, err := Pool("")
	require.NoError(t, err)
	path := filepath.Join(t.TempDir(), "ca.pem")
	require.NoError(t, os.WriteFile(path, bundle, 0o600))
	same, err := Pool(path)
	require.NoError(t, err)
	require.True(t, ours.Equal(same))
	require.NoError(t, os.WriteFile(path, []byte("no certificate"), 0o600))
	_, err = Pool(path)
	require.ErrorContains(t, err, path+" holds no certificate")
	_, err = Pool(path + ".missing")
	require.ErrorIs(t, err, os.ErrNotExist)
}
