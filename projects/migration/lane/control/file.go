package control

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

var _ Store = (*File)(nil)

// File is a Store in a folder of this machine, for an engine that runs as a
// process. An item is a file that is replaced as a whole; processes take turns by
// a lock that the system lets go when one dies.
type File struct{ Folder string }

// Get reads the item's file.
func (f *File) Get(ctx context.Context, key string) (Item, error) {
	if err := ctx.Err(); err != nil {
		return Item{}, err
	}
	return f.read(key)
}

// Put replaces the item's file when it has the revision before item.Rev.
func (f *File) Put(ctx context.Context, key string, item Item) (err error) {
	if err := ctx.Err(); err != nil {
		return err
	}
	unlock, err := f.lock()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, unlock()) }()
	former, err := f.read(key)
	if err != nil && !errors.Is(err, ErrAbsent) {
		return err
	}
	if former.Rev != item.Rev-1 {
		return ErrConflict
	}
	return f.write(key, item)
}

// path is the item's file. Keys are escaped, so that none leads out of the folder.
func (f *File) path(key string) string {
	return filepath.Join(f.Folder, url.QueryEscape(key)+".json")
}

func (f *File) read(key string) (Item, error) {
	text, err := os.ReadFile(f.path(key))
	if errors.Is(err, fs.ErrNotExist) {
		return Item{}, ErrAbsent
	}
	if err != nil {
		return Item{}, fmt.Errorf("read item: %w", err)
	}
	var item Item
	if err := json.Unmarshal(text, &item); err != nil || item.Rev < 1 {
		return Item{}, fmt.Errorf("%w: %s", ErrUnreadable, f.path(key))
	}
	return item, nil
}

// write makes the file durable before it takes the place of the former.
func (f *File) write(key string, item Item) error {
	text, err := json.Marshal(item)
	if err != nil {
		return fmt.Errorf("encode item: %w", err)
	}
	temporary, err := os.CreateTemp(f.Folder, "item-*")
	if err != nil {
		return fmt.Errorf("write item: %w", err)
	}
	_, err = temporary.Write(text)
	err = errors.Join(err, temporary.Sync(), temporary.Close())
	if err == nil {
		err = os.Rename(temporary.Name(), f.path(key))
	}
	if err != nil {
		return errors.Join(fmt.Errorf("write item: %w", err), os.Remove(temporary.Name()))
	}
	return nil
}

// lock waits for this process's turn.
func (f *File) lock() (unlock func() error, err error) {
	file, err := os.OpenFile(filepath.Join(f.Folder, "lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("lock the store: %w", err)
	}
	if err := unix.Flock(int(file.Fd()), unix.LOCK_EX); err != nil {
		return nil, errors.Join(fmt.Errorf("lock the store: %w", err), file.Close())
	}
	return file.Close, nil
}
