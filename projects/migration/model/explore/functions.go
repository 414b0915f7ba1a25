package explore

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"strings"
)

// Functions lists what is declared below a folder, without tests: functions by
// name, methods as Receiver.Name. Models name the functions that their actions
// stand for, and a function that is renamed must be renamed in them.
func Functions(dir string) (map[string]bool, error) {
	found := map[string]bool{}
	files := token.NewFileSet()
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		file, err := parser.ParseFile(files, path, nil, parser.SkipObjectResolution)
		if err != nil {
			return fmt.Errorf("read %s: %w", path, err)
		}
		for _, d := range file.Decls {
			if f, is := d.(*ast.FuncDecl); is {
				found[receiver(f)+f.Name.Name] = true
			}
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("look for functions: %w", err)
	}
	return found, nil
}

// receiver is the name of a method's type with a point behind it.
func receiver(f *ast.FuncDecl) string {
	if f.Recv == nil {
		return ""
	}
	kind := f.Recv.List[0].Type
	if pointer, is := kind.(*ast.StarExpr); is {
		kind = pointer.X
	}
	switch of := kind.(type) {
	case *ast.IndexExpr:
		kind = of.X
	case *ast.IndexListExpr:
		kind = of.X
	}
	if name, is := kind.(*ast.Ident); is {
		return name.Name + "."
	}
	return ""
}
