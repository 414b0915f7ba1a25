package steeringtest

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/route53/types"
	"github.com/stretchr/testify/require"

	"github.com/cutover/cutover/shared/naming"
	"github.com/cutover/cutover/shared/traffic"
)

// Backend is what answers for one colour: an HTTPS server on this machine in the
// place of the balancer.
type Backend struct {
	Color naming.Color
	// Sick makes its health path fail; payments are answered all the same.
	Sick   atomic.Bool
	server *httptest.Server
}

// Backends are both colours' servers, with one certificate for the public name as
// both balancers have, and the way to them.
type Backends struct {
	byEndpoint map[string]*Backend
	byColor    map[naming.Color]*Backend
	client     *http.Client
}

// colorHeader names the colour that answered.
const colorHeader = "X-Colour"

// StartBackends starts the servers behind the endpoints of a place. They end with
// the test.
func StartBackends(t *testing.T, place traffic.Place) *Backends {
	t.Helper()
	certificate, authority := makeCertificate(t)
	b := &Backends{byEndpoint: map[string]*Backend{}, byColor: map[naming.Color]*Backend{}}
	for _, color := range naming.Colors() {
		backend := &Backend{Color: color}
		backend.server = httptest.NewUnstartedServer(backend)
		backend.server.TLS = &tls.Config{Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS12}
		backend.server.StartTLS()
		t.Cleanup(backend.server.Close)
		b.byEndpoint[place.Of(color).Endpoint], b.byColor[color] = backend, backend
	}
	transport := &http.Transport{
		TLSClientConfig: &tls.Config{RootCAs: authority, ServerName: place.PublicName, MinVersion: tls.VersionTLS12},
		DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			endpoint, _, _ := strings.Cut(address, ":")
			backend, found := b.byEndpoint[endpoint]
			if !found {
				return nil, fmt.Errorf("endpoint %s: nobody is there", endpoint)
			}
			return new(net.Dialer).DialContext(ctx, network, backend.server.Listener.Addr().String())
		},
	}
	t.Cleanup(transport.CloseIdleConnections)
	b.client = &http.Client{Transport: transport, Timeout: 10 * time.Second}
	return b
}

// Of returns one colour's.
func (b *Backends) Of(color naming.Color) *Backend { return b.byColor[color] }

// ServeHTTP answers payments with the colour, and the health path while not sick.
func (b *Backend) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set(colorHeader, string(b.Color))
	if r.Host != PublicName || r.URL.Path == "/payments/health" && b.Sick.Load() {
		w.WriteHeader(http.StatusServiceUnavailable)
	}
}

// Probe asks a colour's health path as the checkers of Route 53 do.
func (b *Backends) Probe(ctx context.Context, check *types.HealthCheckConfig) bool {
	for color, backend := range b.byColor {
		if aws.ToString(check.FullyQualifiedDomainName) == string(color)+"."+PublicName {
			for endpoint, other := range b.byEndpoint {
				if other == backend {
					_, err := b.get(ctx, endpoint, aws.ToString(check.ResourcePath))
					return err == nil
				}
			}
		}
	}
	return false
}

// Pay sends one payment to where a resolver leads, and returns the colour that took
// it.
func (b *Backends) Pay(ctx context.Context, to *Resolver) (naming.Color, error) {
	_, endpoint, _, found := to.Resolve()
	if !found {
		return "", errors.New("the public name has no answer")
	}
	return b.get(ctx, endpoint, "/payments")
}

func (b *Backends) get(ctx context.Context, endpoint, path string) (color naming.Color, err error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, "https://"+endpoint+path, http.NoBody)
	if err != nil {
		return "", err
	}
	request.Host = PublicName
	answer, err := b.client.Do(request)
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, answer.Body.Close()) }()
	if _, err := io.Copy(io.Discard, answer.Body); err != nil {
		return "", err
	}
	if answer.StatusCode != http.StatusOK {
		return "", fmt.Errorf("%s answers %s with %s", endpoint, path, answer.Status)
	}
	return naming.Color(answer.Header.Get(colorHeader)), nil
}

// makeCertificate makes a certificate for the public name, and the pool that
// trusts it.
func makeCertificate(t *testing.T) (tls.Certificate, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: PublicName}, DNSNames: []string{PublicName},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		BasicConstraintsValid: true, IsCA: true,
	}
	raw, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	require.NoError(t, err)
	parsed, err := x509.ParseCertificate(raw)
	require.NoError(t, err)
	pool := x509.NewCertPool()
	pool.AddCert(parsed)
	return tls.Certificate{Certificate: [][]byte{raw}, PrivateKey: key, Leaf: parsed}, pool
}
