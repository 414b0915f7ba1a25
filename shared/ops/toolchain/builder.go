package toolchain

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// unusedFor is how long an entry that nobody used is kept.
const unusedFor = 30 * 24 * time.Hour

// builder makes one recipe's cache entries.
type builder struct {
	recipe
	root  string // the checkout
	cache string
	say   *speaker
}

func (f finder) builder(r recipe) builder {
	return builder{recipe: r, root: f.RepoRoot, cache: f.CacheDir, say: f.say}
}

func (b builder) moduleDir() string { return filepath.Join(b.root, b.module) }

// cached returns the folder of an intact entry for the checkout's sources. A
// corrupt one counts as absent, unless the caller cannot mend it.
func (b builder) cached(ctx context.Context, strict bool) (string, bool, error) {
	if _, err := os.Stat(filepath.Join(b.moduleDir(), "go.mod")); errors.Is(err, fs.ErrNotExist) {
		return "", false, nil
	}
	key, err := b.key(ctx)
	if err != nil {
		return "", false, err
	}
	dir := b.entryDir(key)
	err = inspect(dir, key, strict)
	switch {
	case err == nil:
		return dir, true, b.touch(dir)
	case errors.Is(err, fs.ErrNotExist):
		return "", false, nil
	case errors.Is(err, errCorrupt) && !strict:
		b.say.line("%s: %v; it will be made again", b.what, err)
		return "", false, nil
	default:
		return "", false, fmt.Errorf("%s: %w (remove %s, or let the next deployment make it again)", b.what, err, dir)
	}
}

func (b builder) entryDir(key string) string { return filepath.Join(b.cache, b.entry+key) }

// obtain builds an entry, once on a machine: processes that want the same wait
// for the one that builds and take its result.
func (b builder) obtain(ctx context.Context) (string, error) {
	if _, err := os.Stat(filepath.Join(b.moduleDir(), "go.mod")); err != nil {
		return "", fmt.Errorf("build %s from source: %w (run it in a checkout of this repository)", b.what, err)
	}
	release, err := lock(ctx, filepath.Join(b.cache, strings.TrimSuffix(b.entry, "-")+".lock"), b.say)
	if err != nil {
		return "", fmt.Errorf("build %s: %w", b.what, err)
	}
	dir, err := b.obtainLocked(ctx)
	return dir, errors.Join(err, release())
}

func (b builder) obtainLocked(ctx context.Context) (string, error) {
	if dir, ok, err := b.cached(ctx, false); err != nil || ok {
		return dir, err
	}
	key, err := b.key(ctx)
	if err != nil {
		return "", err
	}
	if err := b.removeUnfinished(); err != nil {
		return "", err
	}
	unfinished := filepath.Join(b.cache, fmt.Sprintf("%s%s.%d%s", b.entry, key, os.Getpid(), unfinishedSuffix))
	if err := b.build(ctx, key, unfinished); err != nil {
		return "", errors.Join(fmt.Errorf("build %s from %s: %w", b.what, b.moduleDir(), err), os.RemoveAll(unfinished))
	}
	dir := b.entryDir(key)
	if err := replace(unfinished, dir); err != nil {
		return "", fmt.Errorf("put %s in place: %w", b.what, err)
	}
	return dir, b.prune(dir)
}

// unfinishedSuffix marks an entry that is being made; the lock's holder alone
// makes and removes them. The process is part of the name, because Go may live
// a little longer than a process that was killed.
const unfinishedSuffix = ".unfinished"

// logSuffix makes the name of a build's log from that of its entry.
const logSuffix = ".log"

// removeUnfinished clears what builds left that were killed.
func (b builder) removeUnfinished() error {
	leftovers, err := filepath.Glob(filepath.Join(b.cache, b.entry+"*"+unfinishedSuffix))
	if err != nil {
		return fmt.Errorf("look for unfinished builds in %s: %w", b.cache, err)
	}
	for _, dir := range leftovers {
		if err := os.RemoveAll(dir); err != nil {
			return fmt.Errorf("remove an unfinished build: %w", err)
		}
	}
	return nil
}

// replace moves a finished entry into place; a corrupt one makes room for it.
func replace(unfinished, dir string) error {
	if err := os.RemoveAll(dir); err != nil {
		return err
	}
	return os.Rename(unfinished, dir)
}

// touch notes that an entry is in use.
func (b builder) touch(dir string) error {
	now := time.Now()
	if err := os.Chtimes(filepath.Join(dir, manifestName), now, now); err != nil {
		return fmt.Errorf("note that %s is in use: %w", dir, err)
	}
	return nil
}

// prune removes entries of other keys that nobody has used for a long time;
// each may take 700 MB.
func (b builder) prune(keep string) error {
	entries, err := filepath.Glob(filepath.Join(b.cache, b.entry+"*", manifestName))
	if err != nil {
		return fmt.Errorf("look for old builds in %s: %w", b.cache, err)
	}
	for _, path := range entries {
		dir := filepath.Dir(path)
		info, err := os.Stat(path)
		if err != nil || dir == keep || time.Since(info.ModTime()) < unusedFor {
			continue
		}
		if err := errors.Join(os.RemoveAll(dir), os.RemoveAll(dir+logSuffix)); err != nil {
			return fmt.Errorf("remove an old build: %w", err)
		}
	}
	return nil
}
