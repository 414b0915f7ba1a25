package settings

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/cutover/cutover/shared/contract"
)

// errValue tells that a value is not what the setting expects; Load adds the words.
var errValue = errors.New("unexpected value")

// maxParallel is far above the number of layers; more is a slip of the finger.
const maxParallel = 32

// table lists every setting; environments are those that Env may name.
func table(environments []string) []setting {
	layers := layerNames()
	return []setting{
		{"env", false, "one of the environments " + strings.Join(environments, ", "), setEnv(environments)},
		toggle("yes", func(s *Settings) *bool { return &s.Yes }),
		toggle("dry-run", func(s *Settings) *bool { return &s.DryRun }),
		{"parallel", false, fmt.Sprintf("a whole number from 1 to %d", maxParallel), setParallel},
		{"only", false, "layers joined by commas, out of " + layers, setOnly},
		{"from", false, "one of the layers " + layers, setFrom},
		toggle("resume", func(s *Settings) *bool { return &s.Resume }),
		toggle("check", func(s *Settings) *bool { return &s.Check }),
		{"color", false, "blue or green", setColor},
		{"output", false, "table, json or md", setOutput},
		{"timeout", false, "a duration above zero such as 45m or 1h30m", setTimeout},
		text("to", "the name of a release", func(s *Settings) *string { return &s.To }),
		{"show", false, ShowConnection, setShow},
		text("halt", "the code of a lane's halt", func(s *Settings) *string { return &s.Halt }),
		{"base", false, BaseChunks + " or " + BaseClone, setBase},
		text("table", "a table as schema.name", func(s *Settings) *string { return &s.Table }),
		text("columns", "columns to add, such as \"note text; fee numeric(12,2) default '0' not null\"", func(s *Settings) *string { return &s.Columns }),
		text("index", "an index to make, such as \"by_owner(owner, currency)\"", func(s *Settings) *string { return &s.Index }),
		text("position", "where a change stands, such as 0/1A2B3C:0", func(s *Settings) *string { return &s.Position }),
		{"change", false, "the number of a change, from 1 on", setChange},
		text("reason", "a sentence that says why", func(s *Settings) *string { return &s.Reason }),
		{"operators", false, "names joined by commas, each once", setOperators},
	}
}

func layerNames() string {
	var names []string
	for _, l := range contract.Layers() {
		names = append(names, string(l))
	}
	return strings.Join(names, ", ")
}

func toggle(name string, field func(*Settings) *bool) setting {
	return setting{name, true, "true or false", func(s *Settings, value string) error {
		on, err := strconv.ParseBool(value)
		*field(s) = on
		return err
	}}
}

func setBase(s *Settings, value string) error {
	if value != BaseChunks && value != BaseClone {
		return errValue
	}
	s.Base = value
	return nil
}

func text(name, expect string, field func(*Settings) *string) setting {
	return setting{name, false, expect, func(s *Settings, value string) error {
		if strings.TrimSpace(value) == "" {
			return errValue
		}
		*field(s) = value
		return nil
	}}
}

func setEnv(environments []string) func(*Settings, string) error {
	return func(s *Settings, value string) error {
		if !slices.Contains(environments, value) {
			return errValue
		}
		s.Env = value
		return nil
	}
}

func setParallel(s *Settings, value string) error {
	n, err := strconv.Atoi(value)
	if err != nil || n < 1 || n > maxParallel {
		return errValue
	}
	s.Parallel = n
	return nil
}

func setChange(s *Settings, value string) error {
	n, err := strconv.ParseInt(value, 10, 32)
	if err != nil || n < 1 {
		return errValue
	}
	s.Change = int(n)
	return nil
}

func setOnly(s *Settings, value string) error {
	s.Only = nil
	for name := range strings.SplitSeq(value, ",") {
		layer, err := contract.Parse(strings.TrimSpace(name))
		if err != nil {
			return err
		}
		if !slices.Contains(s.Only, layer) {
			s.Only = append(s.Only, layer)
		}
	}
	return nil
}

func setOperators(s *Settings, value string) error {
	s.Operators = nil
	for name := range strings.SplitSeq(value, ",") {
		name = strings.TrimSpace(name)
		if name == "" || slices.Contains(s.Operators, name) {
			return errValue
		}
		s.Operators = append(s.Operators, name)
	}
	return nil
}

func setFrom(s *Settings, value string) (err error) {
	s.From, err = contract.Parse(value)
	return err
}

func setColor(s *Settings, value string) error {
	if c := Color(value); c == Blue || c == Green {
		s.Color = c
		return nil
	}
	return errValue
}

func setOutput(s *Settings, value string) error {
	if f := Format(value); f == Table || f == JSON || f == Markdown {
		s.Output = f
		return nil
	}
	return errValue
}

func setShow(s *Settings, value string) error {
	if value != ShowConnection {
		return errValue
	}
	s.Show = value
	return nil
}

func setTimeout(s *Settings, value string) error {
	d, err := time.ParseDuration(value)
	if err != nil || d <= 0 {
		return errValue
	}
	s.Timeout = d
	return nil
}
