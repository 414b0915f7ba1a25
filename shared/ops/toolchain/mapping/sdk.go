package mapping

import (
	"context"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
)

const sdkModule = "github.com/pulumi/pulumi-aws/sdk/v6"

// SDK reads resources from the sources of the Pulumi SDK for AWS.
type SDK struct {
	dir      string
	packages map[string]*sdkPackage
}

// OpenSDK finds the SDK that this module uses.
func OpenSDK(ctx context.Context) (*SDK, error) {
	out, err := exec.CommandContext(ctx, "go", "list", "-m", "-f", "{{.Dir}}", sdkModule).Output()
	if err != nil {
		return nil, fmt.Errorf("ask Go for the folder of %s: %w", sdkModule, err)
	}
	dir := filepath.Join(strings.TrimSpace(string(out)), "go", "aws")
	if _, err := os.Stat(dir); err != nil {
		return nil, fmt.Errorf("find the sources of %s: %w (run: go mod download %s)", sdkModule, err, sdkModule)
	}
	return &SDK{dir: dir, packages: map[string]*sdkPackage{}}, nil
}

// Provider returns the shapes of the provider's arguments.
func (s *SDK) Provider() (map[string]Shape, error) {
	pkg, err := s.load("")
	if err != nil {
		return nil, err
	}
	return pkg.wire("ProviderArgs")
}

// errNoToken says that the SDK has no such resource.
var errNoToken = errors.New("the SDK does not register this token")

// Resource returns the shapes of a token's arguments and outputs.
func (s *SDK) Resource(tok string) (arguments, outputs map[string]Shape, err error) {
	module, _, _ := strings.Cut(strings.TrimPrefix(tok, "aws:"), "/")
	pkg, err := s.load(module)
	if err != nil {
		return nil, nil, err
	}
	name, ok := pkg.resources[tok]
	if !ok {
		return nil, nil, fmt.Errorf("%s: %w", tok, errNoToken)
	}
	if arguments, err = pkg.wire(name + "Args"); err != nil {
		return nil, nil, err
	}
	outputs, err = pkg.wire(name + "State")
	return arguments, outputs, err
}

// load parses one package of the SDK, once.
func (s *SDK) load(module string) (*sdkPackage, error) {
	if pkg, ok := s.packages[module]; ok {
		return pkg, nil
	}
	pkg := newSDKPackage()
	files, err := filepath.Glob(filepath.Join(s.dir, module, "*.go"))
	if err != nil {
		return nil, fmt.Errorf("list the SDK's package %q: %w", module, err)
	}
	for _, path := range files {
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		if err != nil {
			return nil, fmt.Errorf("parse the SDK: %w", err)
		}
		pkg.add(file)
	}
	s.packages[module] = pkg
	return pkg, nil
}

// sdkPackage holds what matters of one package: its types, the wire type behind
// each input type, and the resource type behind each token.
type sdkPackage struct {
	types     map[string]ast.Expr
	wireTypes map[string]string
	resources map[string]string
}

func newSDKPackage() *sdkPackage {
	return &sdkPackage{types: map[string]ast.Expr{}, wireTypes: map[string]string{}, resources: map[string]string{}}
}

func (p *sdkPackage) add(file *ast.File) {
	for _, declaration := range file.Decls {
		switch d := declaration.(type) {
		case *ast.GenDecl:
			for _, spec := range d.Specs {
				if t, ok := spec.(*ast.TypeSpec); ok {
					p.types[t.Name.Name] = t.Type
				}
			}
		case *ast.FuncDecl:
			p.addFunction(d)
		}
	}
}

// addFunction notes constructors and the methods that tell an input type's
// wire type:
//
//	func (VpcArgs) ElementType() reflect.Type { return reflect.TypeOf((*vpcArgs)(nil)).Elem() }
func (p *sdkPackage) addFunction(f *ast.FuncDecl) {
	if f.Recv == nil {
		if tok, ok := registeredToken(f); ok {
			p.resources[tok] = strings.TrimPrefix(f.Name.Name, "New")
		}
		return
	}
	receiver, ok := f.Recv.List[0].Type.(*ast.Ident)
	if !ok || f.Name.Name != "ElementType" {
		return
	}
	ast.Inspect(f.Body, func(node ast.Node) bool {
		star, ok := node.(*ast.StarExpr)
		if !ok {
			return true
		}
		if target, ok := star.X.(*ast.Ident); ok {
			p.wireTypes[receiver.Name] = target.Name
		}
		return false
	})
}

// registeredToken finds the token that a constructor registers.
func registeredToken(f *ast.FuncDecl) (string, bool) {
	if !strings.HasPrefix(f.Name.Name, "New") || f.Body == nil {
		return "", false
	}
	tok := ""
	ast.Inspect(f.Body, func(node ast.Node) bool {
		call, ok := node.(*ast.CallExpr)
		if !ok || len(call.Args) == 0 {
			return true
		}
		function, ok := call.Fun.(*ast.SelectorExpr)
		if !ok || function.Sel.Name != "RegisterResource" {
			return true
		}
		if literal, ok := call.Args[0].(*ast.BasicLit); ok {
			tok, _ = strconv.Unquote(literal.Value)
		}
		return true
	})
	return tok, tok != ""
}
