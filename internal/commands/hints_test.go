package commands_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"io/fs"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cutover/cutover/shared/ops/hint"
	"github.com/cutover/cutover/shared/ops/settings"
)

// open stands for a part of a text that is known only when it is said.
const open = "\x00"

// said is what an expression of the code may be in a text, where that is part of a
// command. Any other expression that is no constant is left open, and a command may
// have that in a flag's value only.
var said = map[string][]string{
	"goingOn(to)":         {"go tool mage migrate:cutover", "go tool mage migrate:rollback"},
	"goingOn(to.Other())": {"go tool mage migrate:cutover", "go tool mage migrate:rollback"},
	"goingOn(sw.To)":      {"go tool mage migrate:cutover", "go tool mage migrate:rollback"},
	"string(opened)":      {"blue", "green"},
	"string(side)":        {"blue", "green"},
	"toward(to)":          {"", " -color=blue"},
	"toward(to.Other())":  {"", " -color=blue"},
	"deed":                {"finalise", "discard -position=0/1A2B3C:0", "force -color=green"},
	"e.Layer":             {"data"},
	"s.Layer":             {"data"},
	"string(need)":        {"data"},
	"string(s.Layer)":     {"data"},
	"code":                {"poison"},
	"flag":                {"", " -env=staging"},
	"reply.Changes[0].ID": {"1"},
	"c.ID":                {"1"},
	"stepOf(s.Record.To)": {"25"},
	"s.Env":               {"staging"},
	"r.target":            {"deploy:all"},
	"s.target":            {"deploy:all"},
	"st.target":           {"traffic:shift"},
}

// source is the code of a package: its files, and its constants by name.
type source struct {
	files     map[string]*ast.File
	constants map[string]ast.Expr
}

// sources are all packages of the checkout but tests, by folder.
func sources(t *testing.T) map[string]*source {
	t.Helper()
	all := map[string]*source{}
	require.NoError(t, filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && (strings.HasPrefix(entry.Name(), ".") && entry.Name() != ".." || entry.Name() == "testdata" || entry.Name() == "tools"):
			return filepath.SkipDir
		case entry.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go"):
			return nil
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		at := all[filepath.Dir(path)]
		if at == nil {
			at = &source{files: map[string]*ast.File{}, constants: map[string]ast.Expr{}}
			all[filepath.Dir(path)] = at
		}
		at.files[path] = file
		at.declare(file)
		return nil
	}))
	return all
}

// declare takes down the constants of a file.
func (s *source) declare(file *ast.File) {
	for _, decl := range file.Decls {
		general, isGeneral := decl.(*ast.GenDecl)
		if !isGeneral || general.Tok != token.CONST {
			continue
		}
		for _, spec := range general.Specs {
			value := spec.(*ast.ValueSpec)
			for i, name := range value.Names {
				if i < len(value.Values) {
					s.constants[name.Name] = value.Values[i]
				}
			}
		}
	}
}

// texts is what an expression may be; packages are all of them, for constants of
// another package.
func (s *source) texts(e ast.Expr, packages map[string]*source) []string {
	if known, is := said[types.ExprString(e)]; is {
		return known
	}
	switch e := e.(type) {
	case *ast.BasicLit:
		if text, err := strconv.Unquote(e.Value); err == nil && e.Kind == token.STRING {
			return []string{text}
		}
	case *ast.BinaryExpr:
		if e.Op == token.ADD {
			return product(s.texts(e.X, packages), s.texts(e.Y, packages))
		}
	case *ast.ParenExpr:
		return s.texts(e.X, packages)
	case *ast.Ident:
		if value, is := s.constants[e.Name]; is {
			return s.texts(value, packages)
		}
	case *ast.SelectorExpr:
		if from, is := e.X.(*ast.Ident); is {
			for folder, other := range packages {
				if value, is := other.constants[e.Sel.Name]; is && filepath.Base(folder) == from.Name {
					return other.texts(value, packages)
				}
			}
		}
	case *ast.CallExpr:
		return s.called(e, packages)
	}
	return []string{open}
}

// called is what a call may be: a conversion, a command with its settings, or a text
// that is put together.
func (s *source) called(e *ast.CallExpr, packages map[string]*source) []string {
	if name, is := e.Fun.(*ast.Ident); is && name.Name == "string" && len(e.Args) == 1 {
		return s.texts(e.Args[0], packages)
	}
	method, is := e.Fun.(*ast.SelectorExpr)
	if is && method.Sel.Name == "Command" && len(e.Args) == 1 {
		return product([]string{"go tool mage "}, s.texts(e.Args[0], packages))
	}
	if is && method.Sel.Name == "Sprintf" {
		return s.formatted(e, 0, packages)
	}
	return []string{open}
}

var verb = regexp.MustCompile(`%[-+# 0-9.]*[a-zA-Z]`)

// formatted is what a call's format comes to with what is behind it.
func (s *source) formatted(call *ast.CallExpr, at int, packages map[string]*source) []string {
	rest := call.Args[at+1:]
	var out []string
	for _, format := range s.texts(call.Args[at], packages) {
		texts := []string{""}
		end, next := 0, 0
		for _, place := range verb.FindAllStringIndex(strings.ReplaceAll(format, "%%", open+open), -1) {
			value := []string{open}
			if next < len(rest) {
				value = s.texts(rest[next], packages)
			}
			texts = product(texts, product([]string{format[end:place[0]]}, value))
			end, next = place[1], next+1
		}
		out = append(out, product(texts, []string{format[end:]})...)
	}
	return out
}

func product(first, second []string) (all []string) {
	for _, a := range first {
		for _, b := range second {
			all = append(all, a+b)
		}
	}
	return all
}

// messages are the texts of a package in which a command stands, each with its place.
func (s *source) messages(packages map[string]*source) map[string]string {
	found := map[string]string{}
	for path, file := range s.files {
		done := map[ast.Node]bool{}
		ast.Inspect(file, func(n ast.Node) bool {
			if done[n] {
				return true
			}
			var texts []string
			switch n := n.(type) {
			case *ast.CallExpr:
				for i, arg := range n.Args {
					if isText(arg) {
						texts = append(texts, s.formatted(n, i, packages)...)
						ast.Inspect(arg, func(inner ast.Node) bool { done[inner] = inner != nil; return true })
					}
				}
			case *ast.BinaryExpr, *ast.BasicLit:
				if isText(n.(ast.Expr)) {
					texts = s.texts(n.(ast.Expr), packages)
					ast.Inspect(n, func(inner ast.Node) bool { done[inner] = inner != nil; return true })
				}
			}
			for _, text := range texts {
				if strings.Contains(text, "go tool mage ") {
					found[text] = path
				}
			}
			return true
		})
	}
	return found
}

// isText tells whether an expression has a literal in it that is put together at once.
func isText(e ast.Expr) bool {
	switch e := e.(type) {
	case *ast.BasicLit:
		return e.Kind == token.STRING
	case *ast.BinaryExpr:
		return e.Op == token.ADD && (isText(e.X) || isText(e.Y))
	case *ast.ParenExpr:
		return isText(e.X)
	}
	return false
}

// beginnings are texts to which others add: they name no command by themselves.
var beginnings = regexp.MustCompile(`go tool mage (migrate:|\(\[a-z)?$`)

// valueOpen is a flag's value, or its end, that is known only when it is said.
var valueOpen = regexp.MustCompile(`( -[a-z-]+=[^\s\x00]*)\x00`)

// Every command that the code names, in a hint or anywhere else, is one that an
// operator can paste: completed for an environment, its target is one of the
// magefiles, its flags are settings with values that they take, and what is compulsory
// is there.
func TestEveryCommandInTheCodeCanBePasted(t *testing.T) {
	all, packages := targets(t), sources(t)
	count := 0
	for _, s := range packages {
		for text, path := range s.messages(packages) {
			if strings.HasSuffix(path, "shared/ops/hint/hint.go") || beginnings.MatchString(text) {
				continue
			}
			text = valueOpen.ReplaceAllString(valueOpen.ReplaceAllString(text, "${1}word"), "${1}word")
			for _, environment := range []string{"local", "staging", "prod"} {
				place := hint.Place{Target: "migrate:start", Settings: settings.Settings{Env: environment}, Guarded: environment == "prod"}
				complete := place.Complete(text)
				lines := hint.Commands(complete)
				assert.Len(t, lines, strings.Count(complete, "go tool mage "), "%s: %q: a command has a part that is open: add it to said", path, text)
				for _, line := range lines {
					count++
					for _, fault := range append(faults(all, strings.ReplaceAll(line, ":<layer>", ":edge")), lacks(line, environment)...) {
						assert.Fail(t, fault, "%s: %s", path, line)
					}
				}
			}
		}
	}
	assert.Greater(t, count, 200, "commands found")
}

// lacks is what a command needs to be taken in an environment.
func lacks(line, environment string) (missing []string) {
	rest, flags := settings.Split(append([]string{"mage"}, words(strings.TrimPrefix(line, "go tool mage "))...))
	has := func(name string) bool {
		return slices.ContainsFunc(flags, func(f settings.Flag) bool { return f.Name == name })
	}
	target := rest[1]
	if environment != "local" && !strings.HasPrefix(target, "local:") && !has("env") {
		missing = append(missing, "-env is missing")
	}
	needs := hint.AlwaysNeedsReason(target) || environment == "prod" && hint.NeedsReason(target, line)
	if needs && !has("reason") {
		missing = append(missing, "-reason is missing")
	}
	for name, want := range map[string]string{"migrate:finalise": "operators", "migrate:force": "operators", "migrate:reload": "table", "migrate:planChange": "table"} {
		if target == name && !has(want) {
			missing = append(missing, "-"+want+" is missing")
		}
	}
	return missing
}

// What the packages of the hints know of reasons is what the commands do: those that
// write are asked for one, and those that leave one behind are refused without.
func TestReasonsAreAskedForWhereHintsSaySo(t *testing.T) {
	packages := sources(t)
	seen := map[string]bool{}
	note := func(target string, writes bool) {
		seen[target] = true
		assert.Equal(t, writes, hint.NeedsReason(target, ""), target)
	}
	calls(packages[filepath.Join(root, "internal/registry")], func(name string, args []string) {
		for _, arg := range args {
			if strings.HasPrefix(arg, "migrate:") && arg != "migrate:" {
				note(arg, name != "Work" || args[2] != "false")
			}
		}
	})
	for _, decision := range []string{"migrate:cancel", "migrate:accept", "migrate:thaw"} { // whose names are put together
		note(decision, true)
	}
	for target := range targets(t) {
		if strings.HasPrefix(target, "migrate:") {
			assert.True(t, seen[target], target)
		}
	}
	decided := 0
	calls(packages[filepath.Join(root, "projects/migration/move")], func(name string, args []string) {
		if name == "because" && args[0] != "string(act)" {
			decided++
			assert.True(t, hint.AlwaysNeedsReason("migrate:"+args[0]), "migrate:%s is refused without a reason: add it to the decisions of package hint", args[0])
		}
	})
	assert.GreaterOrEqual(t, decided, 4)
}

// calls visits the calls of a package, with their arguments as they are written, a
// literal without its quotes.
func calls(s *source, visit func(name string, args []string)) {
	for _, file := range s.files {
		ast.Inspect(file, func(n ast.Node) bool {
			call, is := n.(*ast.CallExpr)
			if !is {
				return true
			}
			var args []string
			for _, arg := range call.Args {
				args = append(args, strings.Trim(types.ExprString(arg), `"`))
			}
			name := types.ExprString(call.Fun)
			visit(name[strings.LastIndex(name, ".")+1:], args)
			return true
		})
	}
}
