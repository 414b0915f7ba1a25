package emulator

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"time"
)

const (
	healthPath  = "/_cutover/health"
	serviceName = "cutover-emulator"
)

// health is what the extension's health endpoint answers.
type health struct {
	Service  string    `json:"service"`
	Token    string    `json:"token"`
	Checkout string    `json:"checkout"`
	Build    string    `json:"build"`
	PID      int       `json:"pid"`
	Started  time.Time `json:"started"`
	Moto     string    `json:"moto"`
	Python   string    `json:"python"`
	Gaps     []string  `json:"gaps"`
}

// askHealth asks whoever listens at the emulator's address who it is. An error
// means that nobody answers, or that what answers is no emulator of ours.
func (e *Emulator) askHealth(ctx context.Context) (*health, error) {
	ctx, cancel := context.WithTimeout(ctx, healthTimeout)
	defer cancel()
	body, err := e.request(ctx, http.MethodGet, healthPath)
	if err != nil {
		return nil, err
	}
	var h health
	if err := json.Unmarshal(body, &h); err != nil {
		return nil, fmt.Errorf("what answers at %s is no emulator of Cutover: %w", e.url(healthPath), err)
	}
	if h.Service != serviceName {
		return nil, fmt.Errorf("what answers at %s calls itself %q, not %q", e.url(healthPath), h.Service, serviceName)
	}
	return &h, nil
}

func (e *Emulator) request(ctx context.Context, method, path string) (body []byte, err error) {
	req, err := http.NewRequestWithContext(ctx, method, e.url(path), nil)
	if err != nil {
		return nil, fmt.Errorf("make the request %s %s: %w", method, e.url(path), err)
	}
	// A client of its own: no proxy and no connection kept beyond the answer.
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := client.Do(req)
	if err != nil {
		return nil, fmt.Errorf("ask the emulator: %w", err)
	}
	defer func() {
		if cerr := resp.Body.Close(); cerr != nil && err == nil {
			err = fmt.Errorf("close the answer of %s: %w", e.url(path), cerr)
		}
	}()
	body, err = io.ReadAll(io.LimitReader(resp.Body, 1<<20))
	if err != nil {
		return nil, fmt.Errorf("read the answer of %s: %w", e.url(path), err)
	}
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s %s answered %s, expected 200 OK", method, e.url(path), resp.Status)
	}
	return body, nil
}
