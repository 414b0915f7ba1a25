package engine

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/pulumi/pulumi/sdk/v3/go/common/apitype"
)

// follower reads the events that the CLI appends to a file, while it appends.
type follower struct {
	path string
	each func(apitype.EngineEvent)
	quit chan struct{}
	done chan error
}

// followEvery is how often the file is looked at: often enough for a display,
// seldom enough to cost nothing.
const followEvery = 100 * time.Millisecond

// follow starts reading; a file left by an earlier operation is removed first.
func follow(path string, each func(apitype.EngineEvent)) *follower {
	f := &follower{path: path, each: each, quit: make(chan struct{}), done: make(chan error, 1)}
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		f.done <- fmt.Errorf("remove old events: %w", err)
		return f
	}
	go func() { f.done <- f.read() }()
	return f
}

// stop reads what is left and ends.
func (f *follower) stop() error {
	close(f.quit)
	return <-f.done
}

func (f *follower) read() error {
	var file *os.File
	defer func() {
		if file != nil {
			_ = file.Close() // only read from
		}
	}()
	var rest []byte
	for last := false; ; {
		if file == nil {
			opened, err := os.Open(f.path)
			if err != nil && !errors.Is(err, os.ErrNotExist) {
				return fmt.Errorf("open events: %w", err)
			}
			if err == nil {
				file = opened
			}
		}
		if file != nil {
			var err error
			if rest, err = f.consume(file, rest); err != nil {
				return err
			}
		}
		if last {
			return nil
		}
		select {
		case <-f.quit:
			last = true
		case <-time.After(followEvery):
		}
	}
}

// consume reads to the end of the file and returns an incomplete last line.
func (f *follower) consume(file io.Reader, rest []byte) ([]byte, error) {
	more, err := io.ReadAll(bufio.NewReader(file))
	if err != nil {
		return nil, fmt.Errorf("read events: %w", err)
	}
	text := append(rest, more...)
	for {
		line, tail, complete := bytes.Cut(text, []byte("\n"))
		if !complete {
			return text, nil
		}
		text = tail
		if len(bytes.TrimSpace(line)) == 0 {
			continue
		}
		var e apitype.EngineEvent
		if err := json.Unmarshal(line, &e); err != nil {
			return nil, fmt.Errorf("read event in %s: %w", f.path, err)
		}
		f.each(e)
	}
}
