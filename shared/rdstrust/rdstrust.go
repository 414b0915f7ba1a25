// Package rdstrust holds the certificate authorities that sign the certificates
// of Amazon RDS and Aurora in the platform's region. They are in no system's trust
// store; whoever speaks to a database in AWS verifies its name against these and
// no others. The package connects to nothing.
package rdstrust

import (
	"bytes"
	"crypto/x509"
	_ "embed" // the bundle is part of the program
	"errors"
	"fmt"
	"os"
)

// bundle is the region's part of the bundle that AWS publishes (Amazon Aurora user
// guide, "Using SSL/TLS to encrypt a connection to a DB cluster": us-east-1). The
// authorities are valid until 2061 and 2121.
//
//go:embed us-east-1.pem
var bundle []byte

// PEM is the bundle as text, for clients that read their authorities from a file.
func PEM() []byte { return bytes.Clone(bundle) }

// Pool returns the authorities. With a path it returns those of that PEM file
// instead, for a database that AWS does not run.
func Pool(path string) (*x509.CertPool, error) {
	content, source := bundle, "the bundle of Amazon RDS"
	if path != "" {
		read, err := os.ReadFile(path) //nolint:gosec // the operator's choice
		if err != nil {
			return nil, fmt.Errorf("read certificate authorities: %w", err)
		}
		content, source = read, path
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(content) {
		return nil, errors.New("certificate authorities: " + source + " holds no certificate in PEM")
	}
	return pool, nil
}
