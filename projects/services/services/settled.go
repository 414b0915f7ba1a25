package services

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/cutover/cutover/shared/catalog"
	"github.com/cutover/cutover/shared/naming"
	"github.com/cutover/cutover/shared/verify"
)

// How long a deployment is waited for once the engine called the update a
// success: Amazon ECS watches the deployment's alarms for some minutes more.
const (
	settleTime = 20 * time.Minute
	firstPause = 500 * time.Millisecond
	lastPause  = 15 * time.Second
)

// Settled waits until every service runs the revision that the last update asked
// for. It is an error that names service, colour, what runs, what was asked for
// and AWS's reason when one does not: Amazon ECS goes back by itself, and a
// provider that waits for a steady state takes that for success.
func Settled(ctx context.Context, args verify.Args) error {
	v, err := newVerifier(args)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, settleTime)
	defer cancel()
	var problems []error
	for _, color := range args.Colors() {
		for _, service := range v.listed.Services {
			problems = append(problems, v.in(color).settled(ctx, service))
		}
	}
	return errors.Join(problems...)
}

// settled waits for one service.
func (c *colorVerifier) settled(ctx context.Context, service catalog.Service) error {
	about := place(service, c.color)
	asked, err := c.asked(service.Name)
	if err != nil {
		return fmt.Errorf("%s: %w", about, err)
	}
	for pause := firstPause; ; pause = min(2*pause, lastPause) {
		found, err := c.describe(ctx, service.Name)
		if err != nil {
			return fmt.Errorf("%s: %w", about, err)
		}
		phase, what := judge(asked, found)
		switch phase {
		case complete:
			return nil
		case undone:
			reason, err := c.why(ctx, asked, found)
			return errors.Join(fmt.Errorf("%s: %s%s", about, what, reason), err)
		case underWay:
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%s: %s: %w", about, what, ctx.Err())
		case <-time.After(pause):
		}
	}
}

// place names a service for an operator.
func place(service catalog.Service, color naming.Color) string {
	return service.Name + " in " + string(color)
}
