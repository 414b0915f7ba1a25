package registry

import (
	"context"
	"errors"
	"fmt"

	"github.com/cutover/cutover/projects/migration/lane/control"
	"github.com/cutover/cutover/projects/migration/local"
	items "github.com/cutover/cutover/shared/control"
	"github.com/cutover/cutover/shared/ops"
	"github.com/cutover/cutover/shared/ops/steering"
)

// Authority tells the commands about traffic where the migration keeps who may
// write: in the control table, but on this machine beside its databases, which
// outlive the emulator.
func Authority(root string) func(ops.Environment) func(context.Context) (steering.Item, error) {
	return func(env ops.Environment) func(context.Context) (steering.Item, error) {
		if !env.Local {
			return nil
		}
		store := &control.File{Folder: local.Profile{Root: root}.Controls()}
		return func(ctx context.Context) (steering.Item, error) {
			item, err := store.Get(ctx, items.AuthorityItem)
			if errors.Is(err, control.ErrAbsent) {
				return steering.Item{}, fmt.Errorf("item %s beside the local databases: %w", items.AuthorityItem, steering.ErrAbsent)
			}
			if err != nil {
				return steering.Item{}, fmt.Errorf("read %s beside the local databases: %w", items.AuthorityItem, err)
			}
			return steering.Item{Key: items.AuthorityItem, Rev: item.Rev, Fields: item.Fields}, nil
		}
	}
}
