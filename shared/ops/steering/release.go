package steering

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/cutover/cutover/shared/control"
	"github.com/cutover/cutover/shared/traffic"
)

// The ledger of releases: a document for each beside the state, and the same in
// the control table, of which either may be missing.
const (
	releaseDocument = "release-" // and six digits
	fieldLast       = "last"     // of control.ReleaseItem: the number of the last release
	fieldRelease    = "release"  // of control.ReleaseLine: the release as JSON
	// shownReleases is how far back the ledger in the table is read.
	shownReleases = 20
)

func documentName(number int64) string { return fmt.Sprintf("%s%06d.json", releaseDocument, number) }

// Publish writes a release into the ledger, with its place for the next rollback,
// and returns it with its number. It fails when it could be written nowhere;
// missed says where it could not be written.
func (c *Controller) Publish(ctx context.Context, r traffic.Release) (published traffic.Release, missed []string, err error) {
	head, tableErr := c.head(ctx)
	names, vaultErr := c.Vault.List(ctx, releaseDocument)
	r.Number = max(lastOf(head), numberOf(names)) + 1
	text, err := json.Marshal(r)
	if err != nil {
		return r, nil, fmt.Errorf("write release %d: %w", r.Number, err)
	}
	if vaultErr == nil {
		vaultErr = c.keep(ctx, r, text)
	}
	if tableErr == nil {
		tableErr = c.Table.Put(ctx,
			Item{Key: control.ReleaseItem, Rev: head.Rev + 1, Fields: map[string]string{fieldLast: strconv.FormatInt(r.Number, 10)}},
			Item{Key: control.ReleaseLine(r.Number), Rev: 1, Fields: map[string]string{fieldRelease: string(text)}})
	}
	if vaultErr != nil && tableErr != nil {
		return r, nil, fmt.Errorf("release %d: %w", r.Number, errors.Join(vaultErr, tableErr))
	}
	for where, err := range map[string]error{"beside the state": vaultErr, "in the control table": tableErr} {
		if err != nil {
			missed = append(missed, fmt.Sprintf("release %d is not %s: %v", r.Number, where, err))
		}
	}
	return r, missed, nil
}

// keep writes the documents beside the state.
func (c *Controller) keep(ctx context.Context, r traffic.Release, text []byte) error {
	place, err := json.Marshal(r.Place)
	if err != nil {
		return fmt.Errorf("write %s: %w", placeDocument, err)
	}
	return errors.Join(c.Vault.Write(ctx, documentName(r.Number), text), c.Vault.Write(ctx, placeDocument, place))
}

// head reads the number of the last release in the table; none is revision 0.
func (c *Controller) head(ctx context.Context) (Item, error) {
	head, err := c.Table.Get(ctx, control.ReleaseItem)
	if errors.Is(err, ErrAbsent) {
		return Item{}, nil
	}
	return head, err
}

func lastOf(head Item) int64 {
	last, err := strconv.ParseInt(head.Fields[fieldLast], 10, 64)
	if err != nil {
		return 0
	}
	return last
}

// numberOf is the highest number among documents.
func numberOf(names []string) int64 {
	var highest int64
	for _, name := range names {
		number, err := strconv.ParseInt(strings.TrimSuffix(strings.TrimPrefix(name, releaseDocument), ".json"), 10, 64)
		if err == nil {
			highest = max(highest, number)
		}
	}
	return highest
}

// Releases reads the ledger, newest first, from wherever it can be read. It fails
// when neither the control table nor the vault can be.
func (c *Controller) Releases(ctx context.Context) ([]traffic.Release, error) {
	found := map[int64]traffic.Release{}
	vaultErr := c.fromVault(ctx, found)
	tableErr := c.fromTable(ctx, found)
	if len(found) == 0 && (vaultErr != nil || tableErr != nil) {
		return nil, fmt.Errorf("read the ledger of releases: %w", errors.Join(vaultErr, tableErr))
	}
	numbers := slices.Sorted(maps.Keys(found))
	slices.Reverse(numbers)
	list := make([]traffic.Release, len(numbers))
	for i, number := range numbers {
		list[i] = found[number]
	}
	return list, nil
}

func (c *Controller) fromVault(ctx context.Context, found map[int64]traffic.Release) error {
	names, err := c.Vault.List(ctx, releaseDocument)
	if err != nil {
		return err
	}
	for _, name := range names[max(0, len(names)-shownReleases):] {
		text, err := c.Vault.Read(ctx, name)
		if err != nil {
			return err
		}
		if err := add(found, name, text); err != nil {
			return err
		}
	}
	return nil
}

func (c *Controller) fromTable(ctx context.Context, found map[int64]traffic.Release) error {
	head, err := c.head(ctx)
	if err != nil {
		return err
	}
	last := lastOf(head)
	for number := last; number > 0 && number > last-shownReleases; number-- {
		if _, known := found[number]; known {
			continue
		}
		item, err := c.Table.Get(ctx, control.ReleaseLine(number))
		if errors.Is(err, ErrAbsent) {
			continue // written only beside the state
		}
		if err != nil {
			return err
		}
		if err := add(found, item.Key, []byte(item.Fields[fieldRelease])); err != nil {
			return err
		}
	}
	return nil
}

func add(found map[int64]traffic.Release, name string, text []byte) error {
	var r traffic.Release
	if err := json.Unmarshal(text, &r); err != nil {
		return fmt.Errorf("read %s of the ledger: %w", name, err)
	}
	found[r.Number] = r
	return nil
}
