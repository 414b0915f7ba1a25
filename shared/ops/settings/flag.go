package settings

import (
	"fmt"
	"os"
	"strings"
)

// Flag is one flag as it was written, not yet judged.
type Flag struct {
	Name    string
	Value   string
	Missing bool // it needs a value and has none
}

// mageTimeout is how mage hands its own -t to the targets. When that time is
// over, mage ends the process in the middle of whatever it does.
const mageTimeout = "MAGEFILE_TIMEOUT"

// Take takes the settings out of the process's arguments, before mage reads them:
// mage ends at the first it does not know, with no word about the others. Mage's
// own time limit becomes the setting timeout, which ends a run in order.
func Take() []Flag {
	rest, flags := Split(os.Args)
	os.Args = rest
	if limit, set := os.LookupEnv(mageTimeout); set && os.Unsetenv(mageTimeout) == nil {
		flags = append(flags, Flag{Name: "timeout", Value: limit})
	}
	return flags
}

// Split takes the flags that stand behind the first target out of a command
// line. What stands before it belongs to mage and stays. Both -env=prod and
// -env prod are understood, so that a value is never taken for a target; a
// switch such as -yes takes a value only behind an equals sign.
func Split(args []string) (rest []string, flags []Flag) {
	start := 1
	for start < len(args) && strings.HasPrefix(args[start], "-") {
		start++
	}
	start = min(start, len(args))
	rest = append(rest, args[:start]...)
	for i := start; i < len(args); i++ {
		if !isFlag(args[i]) {
			rest = append(rest, args[i])
			continue
		}
		f, takesNext := parse(args[i])
		if takesNext {
			i++
			f.Missing = i == len(args) || isFlag(args[i])
			if f.Missing {
				i--
			} else {
				f.Value = args[i]
			}
		}
		flags = append(flags, f)
	}
	return rest, flags
}

func isFlag(arg string) bool { return len(arg) > 1 && arg[0] == '-' }

func parse(arg string) (f Flag, takesNext bool) {
	name, value, hasValue := strings.Cut(strings.TrimLeft(arg, "-"), "=")
	if hasValue {
		return Flag{Name: name, Value: value}, false
	}
	def, known := find(table(nil), func(s setting) bool { return s.name == name })
	if !known || def.isBool {
		return Flag{Name: name, Value: "true"}, false
	}
	return Flag{Name: name}, true
}

// Command writes the settings back as flags, so that a message can show the
// exact command to run. Defaults are left out.
func (s Settings) Command(target string) string {
	words := []string{"go tool mage", target}
	add := func(given bool, word string) {
		if given {
			words = append(words, word)
		}
	}
	add(s.Env != "local", "-env="+s.Env)
	add(len(s.Only) > 0, "-only="+joinLayers(s.Only))
	add(s.From != "", "-from="+string(s.From))
	add(s.Color != Both, "-color="+string(s.Color))
	add(s.Resume, "-resume")
	add(s.DryRun, "-dry-run")
	add(s.Show != "", "-show="+s.Show)
	add(s.To != "", "-to="+s.To)
	add(s.Yes, "-yes")
	add(s.Halt != "", "-halt="+quote(s.Halt))
	add(s.Base != "", "-base="+s.Base)
	add(s.Table != "", "-table="+s.Table)
	add(s.Columns != "", "-columns="+quote(s.Columns))
	add(s.Index != "", "-index="+quote(s.Index))
	add(s.Position != "", "-position="+s.Position)
	add(s.Change != 0, fmt.Sprintf("-change=%d", s.Change))
	add(s.Reason != "", "-reason="+quote(s.Reason))
	add(len(s.Operators) > 0, "-operators="+quote(strings.Join(s.Operators, ",")))
	return strings.Join(words, " ")
}

func joinLayers[T ~string](layers []T) string {
	names := make([]string, len(layers))
	for i, l := range layers {
		names[i] = string(l)
	}
	return strings.Join(names, ",")
}

// quote makes text one word for a POSIX shell.
func quote(text string) string {
	return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'"
}
