package desk

import (
	"context"
	"fmt"
	"strings"

	"github.com/cutover/cutover/projects/migration/lane"
	"github.com/cutover/cutover/projects/migration/place"
)

// reload loads one table anew. The lane's invocations, which have to run, load its
// chunks.
func (d *Desk) reload(ctx context.Context, r Request) (Reply, error) {
	schema, table, both := strings.Cut(r.Table, ".")
	if !both || schema == "" || table == "" {
		return Reply{Refused: fmt.Sprintf("table %q: expected schema.name", r.Table), RefusedAs: Wrong}, nil
	}
	endpoints, err := place.Endpoints(ctx, d.Place, r.To.Other())
	if err != nil {
		return Reply{}, err
	}
	err = lane.Reload{Lane: place.Lane(r.To), Endpoints: endpoints, Limits: d.Limits, Schema: schema, Table: table, By: r.By, At: d.At}.Run(ctx)
	if err != nil {
		return Reply{}, err
	}
	reply, err := d.look(ctx, r)
	reply.Done = []string{fmt.Sprintf("table %s of %s is empty and loads anew; nothing is switched before a comparison has found it equal", r.Table, r.To)}
	return reply, err
}
