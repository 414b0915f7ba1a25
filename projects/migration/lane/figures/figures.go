// Package figures measures things against each other: several contenders do the
// same work in turns, so that whatever else the machine does meets them alike, and
// each result is looked at before it counts. A run after which the work is not
// found done is void, and with it the whole measurement. The package measures time
// and what processes have used of the processors; it knows nothing of databases,
// and it never says that a figure is good enough to fail a test: a machine that is
// busy would decide that.
package figures

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// ErrVoid tells that a contender's work was not found done after its run.
var ErrVoid = errors.New("void")

// Values are what one run brought, by name: rates, times, sizes.
type Values map[string]float64

// Contender does the work.
type Contender struct {
	Name string
	// Prepare makes the state from which the work begins. It is not measured; nil is
	// nothing to prepare.
	Prepare func(ctx context.Context) error
	// Work is measured.
	Work func(ctx context.Context) (Values, error)
	// Check finds out by other means whether the work is done: an error makes the run
	// void.
	Check func(ctx context.Context) error
}

// Run is one run of a contender.
type Run struct {
	Values Values `json:"values"`
	// Took is the time of Work, Client and Server what this process with its children,
	// and the servers, used of the processors meanwhile; all in seconds.
	Took   float64 `json:"took_s"`
	Client float64 `json:"client_cpu_s"`
	Server float64 `json:"server_cpu_s"`
}

// Measurement is a comparison to be made.
type Measurement struct {
	// Rounds is how often each contender does the work. Each round begins with
	// another one.
	Rounds int
	// Round prepares a round for all contenders; nil is nothing to prepare.
	Round func(ctx context.Context, number int) error
	// Servers are the processes whose use of the processors is told, with that of
	// their children.
	Servers []int
	// Say is told each run as it ends; nil is nobody.
	Say func(format string, args ...any)
}

// Results are all runs of each contender, in the order of rounds.
type Results map[string][]Run

// Of makes the measurement. An error of any step ends it; without a check that
// succeeds no run is returned.
func (m Measurement) Of(ctx context.Context, contenders ...Contender) (Results, error) {
	results := Results{}
	for round := range m.Rounds {
		if m.Round != nil {
			if err := m.Round(ctx, round); err != nil {
				return nil, fmt.Errorf("round %d: %w", round+1, err)
			}
		}
		for turn := range contenders {
			c := contenders[(round+turn)%len(contenders)]
			run, err := m.run(ctx, c)
			if err != nil {
				return nil, fmt.Errorf("round %d: %s: %w", round+1, c.Name, err)
			}
			results[c.Name] = append(results[c.Name], run)
			if m.Say != nil {
				m.Say("round %d: %s took %.2f s, processors %.2f s here and %.2f s in the servers: %v", round+1, c.Name, run.Took, run.Client, run.Server, run.Values)
			}
		}
	}
	return results, nil
}

func (m Measurement) run(ctx context.Context, c Contender) (Run, error) {
	if c.Prepare != nil {
		if err := c.Prepare(ctx); err != nil {
			return Run{}, fmt.Errorf("prepare: %w", err)
		}
	}
	before, err := used(m.Servers)
	if err != nil {
		return Run{}, err
	}
	began := time.Now()
	values, err := c.Work(ctx)
	took := time.Since(began)
	if err != nil {
		return Run{}, err
	}
	after, err := used(m.Servers)
	if err != nil {
		return Run{}, err
	}
	if c.Check == nil {
		return Run{}, fmt.Errorf("%w: nothing checks what was done", ErrVoid)
	}
	if err := c.Check(ctx); err != nil {
		return Run{}, fmt.Errorf("%w: %w", ErrVoid, err)
	}
	return Run{
		Values: values, Took: took.Seconds(),
		Client: (after.client - before.client).Seconds(), Server: (after.server - before.server).Seconds(),
	}, nil
}
