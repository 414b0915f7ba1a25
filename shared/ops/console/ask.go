package console

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/cutover/cutover/shared/ops/fault"
)

// Asker puts questions to whoever sits at the terminal.
type Asker struct {
	Console *Console
	In      io.Reader
	lines   *bufio.Reader
}

// Ask shows a question and returns the answer without surrounding space. It
// returns when ctx ends, although the terminal is still being read: the process
// is about to end then.
func (a *Asker) Ask(ctx context.Context, question string) (string, error) {
	if a.lines == nil {
		a.lines = bufio.NewReader(a.In)
	}
	a.Console.prompt(question)
	type answer struct {
		text string
		err  error
	}
	answers := make(chan answer, 1)
	go func() {
		text, err := a.lines.ReadString('\n')
		answers <- answer{text, err}
	}()
	select {
	case <-ctx.Done():
		return "", fault.New(fault.Cancelled, "nothing was changed: %w", context.Cause(ctx))
	case got := <-answers:
		if got.err != nil && !(errors.Is(got.err, io.EOF) && got.text != "") {
			return "", fault.New(fault.Cancelled, "no answer to %q: %w", question, got.err)
		}
		return strings.TrimSpace(got.text), nil
	}
}

// Confirm asks for yes; everything else, nothing included, means no.
func (a *Asker) Confirm(ctx context.Context, question string) error {
	text, err := a.Ask(ctx, question+" [y/N] ")
	if err != nil {
		return err
	}
	if answer := strings.ToLower(text); answer != "y" && answer != "yes" {
		return fault.New(fault.Cancelled, "not confirmed; nothing was changed")
	}
	return nil
}

// TypeName asks for the exact name of what is about to be touched.
func (a *Asker) TypeName(ctx context.Context, what, name string) error {
	text, err := a.Ask(ctx, fmt.Sprintf("%s\ntype its name, %s, to go on: ", what, name))
	if err != nil {
		return err
	}
	if text != name {
		return fault.New(fault.Cancelled, "typed %q, expected %q; nothing was changed", text, name)
	}
	return nil
}

// prompt shows a question; the answer stands on the same line.
func (c *Console) prompt(question string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.write(question)
}
