//go:build ignore
// +build ignore

package main

import (
	_context "context"
	_flag "flag"
	_fmt "fmt"
	_io "io"
	_log "log"
	_os "os"
	_signal "os/signal"
	_filepath "path/filepath"
	_sort "sort"
	_strconv "strconv"
	_strings "strings"
	_syscall "syscall"
	_tabwriter "text/tabwriter"
	_time "time"
	
)

func main() {
	// Use local types and functions in order to avoid name conflicts with additional magefiles.
	type arguments struct {
		Verbose       bool          // print out log statements
		List          bool          // print out a list of targets
		Help          bool          // print out help for a specific target
		Timeout       _time.Duration // set a timeout to running the targets
		Args          []string      // args contain the non-flag command-line arguments
	}

	parseBool := func(env string) bool {
		val := _os.Getenv(env)
		if val == "" {
			return false
		}		
		b, err := _strconv.ParseBool(val)
		if err != nil {
			_log.Printf("warning: environment variable %s is not a valid bool value: %v", env, val)
			return false
		}
		return b
	}

	parseDuration := func(env string) _time.Duration {
		val := _os.Getenv(env)
		if val == "" {
			return 0
		}		
		d, err := _time.ParseDuration(val)
		if err != nil {
			_log.Printf("warning: environment variable %s is not a valid duration value: %v", env, val)
			return 0
		}
		return d
	}
	args := arguments{}
	fs := _flag.FlagSet{}
	fs.SetOutput(_os.Stdout)

	// default flag set with ExitOnError and auto generated PrintDefaults should be sufficient
	fs.BoolVar(&args.Verbose, "v", parseBool("MAGEFILE_VERBOSE"), "show verbose output when running targets")
	fs.BoolVar(&args.List, "l", parseBool("MAGEFILE_LIST"), "list targets for this binary")
	fs.BoolVar(&args.Help, "h", parseBool("MAGEFILE_HELP"), "print out help for a specific target")
	fs.DurationVar(&args.Timeout, "t", parseDuration("MAGEFILE_TIMEOUT"), "timeout in duration parsable format (e.g. 5m30s)")
	fs.Usage = func() {
		_fmt.Fprintf(_os.Stdout, `
%s [options] [target]

Commands:
  -l    list targets in this binary
  -h    show this help

Options:
  -h    show description of a target
  -t <string>
        timeout in duration parsable format (e.g. 5m30s)
  -v    show verbose output when running targets
 `[1:], _filepath.Base(_os.Args[0]))
	}
	if err := fs.Parse(_os.Args[1:]); err != nil {
		// flag will have printed out an error already.
		return
	}
	args.Args = fs.Args()
	if args.Help && len(args.Args) == 0 {
		fs.Usage()
		return
	}
		
	var printName = func(str string) string {
	// color is ANSI color type
	type color int

	// If you add/change/remove any items in this constant,
	// you will need to run "stringer -type=color" in this directory again.
	// NOTE: Please keep the list in an alphabetical order.
	const (
		black color = iota
		red
		green
		yellow
		blue
		magenta
		cyan
		white
		brightblack
		brightred
		brightgreen
		brightyellow
		brightblue
		brightmagenta
		brightcyan
		brightwhite
	)

	// AnsiColor are ANSI color codes for supported terminal colors.
	var ansiColor = map[color]string{
		black:         "\u001b[30m",
		red:           "\u001b[31m",
		green:         "\u001b[32m",
		yellow:        "\u001b[33m",
		blue:          "\u001b[34m",
		magenta:       "\u001b[35m",
		cyan:          "\u001b[36m",
		white:         "\u001b[37m",
		brightblack:   "\u001b[30;1m",
		brightred:     "\u001b[31;1m",
		brightgreen:   "\u001b[32;1m",
		brightyellow:  "\u001b[33;1m",
		brightblue:    "\u001b[34;1m",
		brightmagenta: "\u001b[35;1m",
		brightcyan:    "\u001b[36;1m",
		brightwhite:   "\u001b[37;1m",
	}

	const colorName = "blackredgreenyellowbluemagentacyanwhitebrightblackbrightredbrightgreenbrightyellowbrightbluebrightmagentabrightcyanbrightwhite"

	var colorIndex = [...]uint8{0, 5, 8, 13, 19, 23, 30, 34, 39, 50, 59, 70, 82, 92, 105, 115, 126}

	colorToLowerString := func(i color) string {
		if i < 0 || i >= color(len(colorIndex)-1) {
			return "color(" + _strconv.FormatInt(int64(i), 10) + ")"
		}
		return colorName[colorIndex[i]:colorIndex[i+1]]
	}

	// ansiColorReset is an ANSI color code to reset the terminal color.
	const ansiColorReset = "\033[0m"

	// defaultTargetAnsiColor is a default ANSI color for colorizing targets.
	// It is set to Cyan as an arbitrary color, because it has a neutral meaning
	var defaultTargetAnsiColor = ansiColor[cyan]

	getAnsiColor := func(color string) (string, bool) {
		colorLower := _strings.ToLower(color)
		for k, v := range ansiColor {
			colorConstLower := colorToLowerString(k)
			if colorConstLower == colorLower {
				return v, true
			}
		}
		return "", false
	}

	// Terminals which  don't support color:
	//
	//	TERM=vt100
	//	TERM=cygwin
	//	TERM=xterm-mono
	var noColorTerms = map[string]bool{
		"vt100":      false,
		"cygwin":     false,
		"xterm-mono": false,
	}

	// terminalSupportsColor checks if the current console supports color output
	//
	// Supported:
	//
	//	linux, mac, or windows's ConEmu, Cmder, putty, git-bash.exe, pwsh.exe
	//
	// Not supported:
	//
	//	windows cmd.exe, powerShell.exe
	terminalSupportsColor := func() bool {
		envTerm := _os.Getenv("TERM")
		if _, ok := noColorTerms[envTerm]; ok {
			return false
		}
		return true
	}

	// enableColor reports whether the user has requested to enable a color output.
	enableColor := func() bool {
		b, _ := _strconv.ParseBool(_os.Getenv("MAGEFILE_ENABLE_COLOR"))
		return b
	}

	// targetColor returns the ANSI color which should be used to colorize targets.
	targetColor := func() string {
		s, exists := _os.LookupEnv("MAGEFILE_TARGET_COLOR")
		if exists {
			if c, ok := getAnsiColor(s); ok {
				return c
			}
		}
		return defaultTargetAnsiColor
	}

	// store the color terminal variables, so that the detection isn't repeated for each target
	var enableColorValue = enableColor() && terminalSupportsColor()
	var targetColorValue = targetColor()

	if enableColorValue {
		return _fmt.Sprintf("%s%s%s", targetColorValue, str, ansiColorReset)
	}

	return str
}


	list := func() error {
		_fmt.Println(`Every target takes the same settings, as flags behind it or as variables with the prefix CUTOVER_: -env=local|staging|prod, -yes, -dry-run, -parallel=N, -only=LAYER,…, -from=LAYER, -resume, -check, -color=blue|green, -output=table|json|md, -timeout=1h, -to=RELEASE, -show=connection, -halt=CODE, -reason='…'.
`)
		targets := map[string]string{
			"bench": "measures deployments against the emulator: ratios and peak memory.",
			"deploy:all": "deploys every layer, each after those it needs.",
			"deploy:data": "deploys data.",
			"deploy:edge": "deploys edge.",
			"deploy:foundation": "deploys foundation.",
			"deploy:migration": "deploys migration.",
			"deploy:observability": "deploys observability.",
			"deploy:security": "deploys security.",
			"deploy:services": "deploys services.",
			"destroy:all": "deletes every layer, dependents first.",
			"destroy:data": "deletes data.",
			"destroy:edge": "deletes edge.",
			"destroy:foundation": "deletes foundation.",
			"destroy:migration": "deletes migration.",
			"destroy:observability": "deletes observability.",
			"destroy:security": "deletes security.",
			"destroy:services": "deletes services.",
			"doctor": "looks at everything a deployment needs: ok, or the command that mends it.",
			"drift:all": "compares the state of every layer with reality.",
			"drift:data": "compares data with reality.",
			"drift:edge": "compares edge with reality.",
			"drift:foundation": "compares foundation with reality.",
			"drift:migration": "compares migration with reality.",
			"drift:observability": "compares observability with reality.",
			"drift:security": "compares security with reality.",
			"drift:services": "compares services with reality.",
			"env": "prints the variables with which plain pulumi works on the same stacks.",
			"graph": "draws the layers and what they need as SVG.",
			"history": "shows who did what, when, why and with which result.",
			"local:down": "stops the emulator; its memory and the local stacks' state go with it.",
			"local:reset": "empties the emulator and forgets the local stacks' state.",
			"local:up": "starts the emulator.",
			"migrate:cutover": "moves the authority to write from blue to green; -dry-run asks the gates only.",
			"migrate:preflight": "prepares both databases for the move to -color (green) and checks whether it may begin.",
			"migrate:rollback": "moves the authority back from green to blue, without loss.",
			"migrate:start": "makes the lane to -color (green), loads it and follows; -halt=CODE goes on after a halt.",
			"migrate:status": "shows both lanes, who may write, and the switch.",
			"migrate:verify": "compares both sides, all rows, while both are written to; then starts the lane back.",
			"outputs:all": "shows what every layer exports.",
			"outputs:data": "shows what data exports.",
			"outputs:edge": "shows what edge exports.",
			"outputs:foundation": "shows what foundation exports.",
			"outputs:migration": "shows what migration exports.",
			"outputs:observability": "shows what observability exports.",
			"outputs:security": "shows what security exports.",
			"outputs:services": "shows what services exports.",
			"policy:report": "is policy:test that writes the evidence as CSV and Markdown.",
			"policy:test": "checks the controls over all that the layers register in staging and prod.",
			"preview:all": "shows what a deployment of all layers would change; works on an empty account.",
			"preview:data": "shows what a deployment of data would change.",
			"preview:edge": "shows what a deployment of edge would change.",
			"preview:foundation": "shows what a deployment of foundation would change.",
			"preview:migration": "shows what a deployment of migration would change.",
			"preview:observability": "shows what a deployment of observability would change.",
			"preview:security": "shows what a deployment of security would change.",
			"preview:services": "shows what a deployment of services would change.",
			"rollback:edge": "moves all traffic back to blue within about a second, or to -to=RELEASE; touches nothing else.",
			"rollback:list": "shows the releases that rollback:edge takes with -to.",
			"status": "shows the layers, their versions and ages, who holds them, the last actions.",
			"test:all": "runs the unit, integration and e2e tests; test:provider and test:soak are apart, for their length.",
			"test:e2e": "runs the tests that deploy layers.",
			"test:integration": "runs the tests that need Pulumi, the plugin or the emulator.",
			"test:provider": "runs each gap of the emulator through the real provider, about a quarter of an hour.",
			"test:soak": "runs the long tests of the sync engine on real databases: large tables, many rounds.",
			"test:unit": "runs the tests that need nothing but this checkout.",
			"traffic:hold": "keeps the traffic where it is until traffic:promote; needs -reason='…'.",
			"traffic:promote": "lifts a hold and takes the next step.",
			"traffic:shift": "moves traffic to the next step (1, 5, 10, 25, 50, 100 % to green), or to -to=PERCENT.",
			"traffic:status": "shows where the traffic is, the gates of the next step, and the history.",
			"unlock:data": "releases the lock of data, after showing whose it is.",
			"unlock:edge": "releases the lock of edge, after showing whose it is.",
			"unlock:foundation": "releases the lock of foundation, after showing whose it is.",
			"unlock:migration": "releases the lock of migration, after showing whose it is.",
			"unlock:observability": "releases the lock of observability, after showing whose it is.",
			"unlock:security": "releases the lock of security, after showing whose it is.",
			"unlock:services": "releases the lock of services, after showing whose it is.",
			"verify:all": "asks AWS whether what was deployed is there and healthy.",
			"verify:data": "asks AWS whether data is there and healthy.",
			"verify:edge": "asks AWS whether edge is there and healthy.",
			"verify:foundation": "asks AWS whether foundation is there and healthy.",
			"verify:migration": "asks AWS whether migration is there and healthy.",
			"verify:observability": "asks AWS whether observability is there and healthy.",
			"verify:security": "asks AWS whether security is there and healthy.",
			"verify:services": "asks AWS whether services is there and healthy.",
		}

		keys := make([]string, 0, len(targets))
		for name := range targets {
			keys = append(keys, name)
		}
		_sort.Strings(keys)

		_fmt.Println("Targets:")
		w := _tabwriter.NewWriter(_os.Stdout, 0, 4, 4, ' ', 0)
		for _, name := range keys {
			_fmt.Fprintf(w, "  %v\t%v\n", printName(name), targets[name])
		}
		err := w.Flush()
		return err
	}

	var ctx _context.Context
	ctxCancel := func(){}

	// by deferring in a closure, we let the cancel function get replaced
	// by the getContext function.
	defer func() {
		ctxCancel()
	}()

	getContext := func() (_context.Context, func()) {
		if ctx == nil {
			if args.Timeout != 0 {
				ctx, ctxCancel = _context.WithTimeout(_context.Background(), args.Timeout)
			} else {
				ctx, ctxCancel = _context.WithCancel(_context.Background())
			}
		}

		return ctx, ctxCancel
	}

	runTarget := func(logger *_log.Logger, fn func(_context.Context) error) interface{} {
		var err interface{}
		ctx, cancel := getContext()
		d := make(chan interface{})
		go func() {
			defer func() {
				err := recover()
				d <- err
			}()
			err := fn(ctx)
			d <- err
		}()
		sigCh := make(chan _os.Signal, 1)
		_signal.Notify(sigCh, _syscall.SIGINT)
		select {
		case <-sigCh:
			logger.Println("cancelling mage targets, waiting up to 5 seconds for cleanup...")
			cancel()
			cleanupCh := _time.After(5 * _time.Second)

			select {
			// target exited by itself
			case err = <-d:
				return err
			// cleanup timeout exceeded
			case <-cleanupCh:
				return _fmt.Errorf("cleanup timeout exceeded")
			// second SIGINT received
			case <-sigCh:
				logger.Println("exiting mage")
				return _fmt.Errorf("exit forced")
			}
		case <-ctx.Done():
			cancel()
			e := ctx.Err()
			_fmt.Printf("ctx err: %v\n", e)
			return e
		case err = <-d:
			// we intentionally don't cancel the context here, because
			// the next target will need to run with the same _context.
			return err
		}
	}
	// This is necessary in case there aren't any targets, to avoid an unused
	// variable error.
	_ = runTarget

	handleError := func(logger *_log.Logger, err interface{}) {
		if err != nil {
			logger.Printf("Error: %+v\n", err)
			type code interface {
				ExitStatus() int
			}
			if c, ok := err.(code); ok {
				_os.Exit(c.ExitStatus())
			}
			_os.Exit(1)
		}
	}
	_ = handleError

	// Set MAGEFILE_VERBOSE so mg.Verbose() reflects the flag value.
	if args.Verbose {
		_os.Setenv("MAGEFILE_VERBOSE", "1")
	} else {
		_os.Setenv("MAGEFILE_VERBOSE", "0")
	}

	_log.SetFlags(0)
	if !args.Verbose {
		_log.SetOutput(_io.Discard)
	}
	logger := _log.New(_os.Stderr, "", 0)
	if args.List {
		if err := list(); err != nil {
			_log.Println(err)
			_os.Exit(1)
		}
		return
	}

	if args.Help {
		if len(args.Args) < 1 {
			logger.Println("no target specified")
			_os.Exit(2)
		}
		switch _strings.ToLower(args.Args[0]) {
			case "bench":
				_fmt.Println("Bench measures deployments against the emulator: ratios and peak memory.")
				_fmt.Println()
				
				_fmt.Print("Usage:\n\n\tmage bench\n\n")
				var aliases []string
				
				if len(aliases) > 0 {
					_sort.Strings(aliases)
					_fmt.Printf("Aliases: %s\n\n", _strings.Join(aliases, ", "))
				}
				return
			case "deploy:all":
				_fmt.Println("All deploys every layer, each after those it needs.")
				_fmt.Println()
				
				_fmt.Print("Usage:\n\n\tmage deploy:all\n\n")
				var aliases []string
				
				if len(aliases) > 0 {
					_sort.Strings(aliases)
					_fmt.Printf("Aliases: %s\n\n", _strings.Join(aliases, ", "))
				}
				return
			case "deploy:data":
				_fmt.Println("Data deploys data.")
				_fmt.Println()
				
				_fmt.Print("Usage:\n\n\tmage deploy:data\n\n")
				var aliases []string
				
				if len(aliases) > 0 {
					_sort.Strings(aliases)
					_fmt.Printf("Aliases: %s\n\n", _strings.Join(aliases, ", "))
				}
				return
			case "deploy:edge":
				_fmt.Println("Edge deploys edge.")
				_fmt.Println()
				
				_fmt.Print("Usage:\n\n\tmage deploy:edge\n\n")
				var aliases []string
				
				if len(aliases) > 0 {
					_sort.Strings(aliases)
					_fmt.Printf("Aliases: %s\n\n", _strings.Join(aliases, ", "))
				}
				return
			case "deploy:foundation":
				_fmt.Println("Foundation deploys foundation.")
				_fmt.Println()
				
				_fmt.Print("Usage:\n\n\tmage deploy:foundation\n\n")
				var aliases []string
				
				if len(aliases) > 0 {
					_sort.Strings(aliases)
					_fmt.Printf("Aliases: %s\n\n", _strings.Join(aliases, ", "))
				}
				return
			case "deploy:migration":
				_fmt.Println("Migration deploys migration.")
				_fmt.Println()
				
				_fmt.Print("Usage:\n\n\tmage deploy:migration\n\n")
				var aliases []string
				
				if len(aliases) > 0 {
					_sort.Strings(aliases)
					_fmt.Printf("Aliases: %s\n\n", _strings.Join(aliases, ", "))
				}
				return
			case "deploy:observability":
				_fmt.Println("Observability deploys observability.")
				_fmt.Println()
				
				_fmt.Print("Usage:\n\n\tmage deploy:observability\n\n")
				var aliases []string
				
				if len(aliases) > 0 {
					_sort.Strings(aliases)
					_fmt.Printf("Aliases: %s\n\n", _strings.Join(aliases, ", "))
				}
				return
			case "deploy:security":
				_fmt.Println("Security deploys security.")
				_fmt.Println()
				
				_fmt.Print("Usage:\n\n\tmage deploy:security\n\n")
				var aliases []string
				
				if len(aliases) > 0 {
					_sort.Strings(aliases)
					_fmt.Printf("Aliases: %s\n\n", _strings.Join(aliases, ", "))
				}
				return
			case "deploy:services":
				_fmt.Println("Services deploys services.")
				_fmt.Println()
				
				_fmt.Print("Usage:\n\n\tmage deploy:services\n\n")
				var aliases []string
				
				if len(aliases) > 0 {
					_sort.Strings(aliases)
					_fmt.Printf("Aliases: %s\n\n", _strings.Join(aliases, ", "))
				}
				return
			case "destroy:all":
				_fmt.Println("All deletes every layer, dependents first.")
				_fmt.Println()
				
				_fmt.Print("Usage:\n\n\tmage destroy:all\n\n")
				var aliases []string
				
				if len(aliases) > 0 {
					_sort.Strings(aliases)
					_fmt.Printf("Aliases: %s\n\n", _strings.Join(aliases, ", "))
				}
				return
			case "destroy:data":
				_fmt.Println("Data deletes data.")
				_fmt.Println()
				
				_fmt.Print("Usage:\n\n\tmage destroy:data\n\n")
				var aliases []string
				
				if len(aliases) > 0 {
					_sort.Strings(aliases)
					_fmt.Printf("Aliases: %s\n\n", _strings.Join(aliases, ", "))
				}
				return
			case "destroy:edge":
				_fmt.Println("Edge deletes edge.")
				_fmt.Println()
				
				_fmt.Print("Usage:\n\n\tmage destroy:edge\n\n")
				var aliases []string
				
				if len(aliases) > 0 {
					_sort.Strings(aliases)
					_fmt.Printf("Aliases: %s\n\n", _strings.Join(aliases, ", "))
				}
				return
			case "destroy:foundation":
				_fmt.Println("Foundation deletes foundation.")
				_fmt.Println()
				
				_fmt.Print("Usage:\n\n\tmage destroy:foundation\n\n")
				var aliases []string
				
				if len(aliases) > 0 {
					_sort.Strings(aliases)
					_fmt.Printf("Aliases: %s\n\n", _strings.Join(aliases, ", "))
				}
				return
			case "destroy:migration":
				_fmt.Println("Migration deletes migration.")
				_fmt.Println()
				
				_fmt.Print("Usage:\n\n\tmage destroy:migration\n\n")
				var aliases []string
				
				if len(aliases) > 0 {
					_sort.Strings(aliases)
					_fmt.Printf("Aliases: %s\n\n", _strings.Join(aliases, ", "))
				}
				return
			case "destroy:observability":
				_fmt.Println("Observability deletes observability.")
				_fmt.Println()
				
				_fmt.Print("Usage:\n\n\tmage destroy:observability\n\n")
				var aliases []string
				
				if len(aliases) > 0 {
					_sort.Strings(aliases)
					_fmt.Printf("Aliases: %s\n\n", _strings.Join(aliases, ", "))
				}
				return
			case "destroy:security":
				_fmt.Println("Security deletes security.")
				_fmt.Println()
				
				_fmt.Print("Usage:\n\n\tmage destroy:security\n\n")
				var aliases []string
				
				if len(aliases) > 0 {
					_sort.Strings(aliases)
					_fmt.Printf("Aliases: %s\n\n", _strings.Join(aliases, ", "))
				}
				return
			case "destroy:services":
				_fmt.Println("Services deletes services.")
				_fmt.Println()
				
				_fmt.Print("Usage:\n\n\tmage destroy:services\n\n")
				var aliases []string
				
				if len(aliases) > 0 {
					_sort.Strings(aliases)
					_fmt.Printf("Aliases: %s\n\n", _strings.Join(aliases, ", "))
				}
				return
			case "doctor":
				_fmt.Println("Doctor looks at everything a deployment needs: ok, or the command that mends it.")
				_fmt.Println()
				
				_fmt.Print("Usage:\n\n\tmage doctor\n\n")
				var aliases []string
				
				if len(aliases) > 0 {
					_sort.Strings(aliases)
					_fmt.Printf("Aliases: %s\n\n", _strings.Join(aliases, ", "))
				}
				return
			case "drift:all":
				_fmt.Println("All compares the state of every layer with reality.")
				_fmt.Println()
				
				_fmt.Print("Usage:\n\n\tmage drift:all\n\n")
				var aliases []string
				
				if len(aliases) > 0 {
					_sort.Strings(aliases)
					_fmt.Printf("Aliases: %s\n\n", _strings.Join(aliases, ", "))
				}
				return
			case "drift:data":
				_fmt.Println("Data compares data with reality.")
				_fmt.Println()
				
				_fmt.Print("Usage:\n\n\tmage drift:data\n\n")
				var aliases []string
				
				if len(aliases) > 0 {
					_sort.Strings(aliases)
					_fmt.Printf("Aliases: %s\n\n", _strings.Join(aliases, ", "))
				}
				return
			case "drift:edge":
				_fmt.Println("Edge compares edge with reality.")
				_fmt.Println()
				
				_fmt.Print("Usage:\n\n\tmage drift:edge\n\n")
				var aliases []string
				
				if len(aliases) > 0 {
					_sort.Strings(aliases)
					_fmt.Printf("Aliases: %s\n\n", _strings.Join(aliases, ", "))
				}
				return
			case "drift:foundation":
				_fmt.Println("Foundation compares foundation with reality.")
				_fmt.Println()
				
				_fmt.Print("Usage:\n\n\tmage drift:foundation\n\n")
				var aliases []string
				
				if len(aliases) > 0 {
					_sort.Strings(aliases)
					_fmt.Printf("Aliases: %s\n\n", _strings.Join(aliases, ", "))
				}
				return
			case "drift:migration":
				_fmt.Println("Migration compares migration with reality.")
				_fmt.Println()
				
				_fmt.Print("Usage:\n\n\tmage drift:migration\n\n")
				var aliases []string
				
				if len(aliases) > 0 {
					_sort.Strings(aliases)
					_fmt.Printf("Aliases: %s\n\n", _strings.Join(aliases, ", "))
				}
				return
			case "drift:observability":
				_fmt.Println("Observability compares observability with reality.")
				_fmt.Println()
				
				_fmt.Print("Usage:\n\n\tmage drift:observability\n\n")
				var aliases []string
				
				if len(aliases) > 0 {
					_sort.Strings(aliases)
					_fmt.Printf("Aliases: %s\n\n", _strings.Join(aliases, ", "))
				}
				return
			case "drift:security":
				_fmt.Println("Security compares security with reality.")
				_fmt.Println()
				
				_fmt.Print("Usage:\n\n\tmage drift:security\n\n")
				var aliases []string
				
				if len(aliases) > 0 {
					_sort.Strings(aliases)
					_fmt.Printf("Aliases: %s\n\n", _strings.Join(aliases, ", "))
				}
				return
			case "drift:services":
				_fmt.Println("Services compares services with reality.")
				_fmt.Println()
				
				_fmt.Print("Usage:\n\n\tmage drift:services\n\n")
				var aliases []string
				
				if len(aliases) > 0 {
					_sort.Strings(aliases)
					_fmt.Printf("Aliases: %s\n\n", _strings.Join(aliases, ", "))
				}
				return
			case "env":
				_fmt.Println("Env prints the variables with which plain pulumi works on the same stacks.")
				_fmt.Println()
				
				_fmt.Print("Usage:\n\n\tmage env\n\n")
				var aliases []string
				
				if len(aliases) > 0 {
					_sort.Strings(aliases)
					_fmt.Printf("Aliases: %s\n\n", _strings.Join(aliases, ", "))
				}
				return
			case "graph":
				_fmt.Println("Graph draws the layers and what they need as SVG.")
				_fmt.Println()
				
				_fmt.Print("Usage:\n\n\tmage graph\n\n")
				var aliases []string
				
				if len(aliases) > 0 {
					_sort.Strings(aliases)
					_fmt.Printf("Aliases: %s\n\n", _strings.Join(aliases, ", "))
				}
				return
			case "history":
				_fmt.Println("History shows who did what, when, why and with which result.")
				_fmt.Println()
				
				_fmt.Print("Usage:\n\n\tmage history\n\n")
				var aliases []string
				
				if len(aliases) > 0 {
					_sort.Strings(aliases)
					_fmt.Printf("Aliases: %s\n\n", _strings.Join(aliases, ", "))
				}
				return
			case "local:down":
				_fmt.Println("Down stops the emulator; its memory and the local stacks' state go with it.")
				_fmt.Println()
				
				_fmt.Print("Usage:\n\n\tmage local:down\n\n")
				var aliases []string
				
				if len(aliases) > 0 {
					_sort.Strings(aliases)
					_fmt.Printf("Aliases: %s\n\n", _strings.Join(aliases, ", "))
				}
				return
			case "local:reset":
				_fmt.Println("Reset empties the emulator and forgets the local stacks' state.")
				_fmt.Println()
				
				_fmt.Print("Usage:\n\n\tmage local:reset\n\n")
				var aliases []string
				
				if len(aliases) > 0 {
					_sort.Strings(aliases)
					_fmt.Printf("Aliases: %s\n\n", _strings.Join(aliases, ", "))
				}
				return
			case "local:up":
				_fmt.Println("Up starts the emulator.")
				_fmt.Println()
				
				_fmt.Print("Usage:\n\n\tmage local:up\n\n")
				var aliases []string
				
				if len(aliases) > 0 {
					_sort.Strings(aliases)
					_fmt.Printf("Aliases: %s\n\n", _strings.Join(aliases, ", "))
				}
				return
			case "migrate:cutover":
				_fmt.Println("Cutover moves the authority to write from blue to green; -dry-run asks the gates only.")
				_fmt.Println()
				
				_fmt.Print("Usage:\n\n\tmage migrate:cutover\n\n")
				var aliases []string
				
				if len(aliases) > 0 {
					_sort.Strings(aliases)
					_fmt.Printf("Aliases: %s\n\n", _strings.Join(aliases, ", "))
				}
				return
			case "migrate:preflight":
				_fmt.Println("Preflight prepares both databases for the move to -color (green) and checks whether it may begin.")
				_fmt.Println()
				
				_fmt.Print("Usage:\n\n\tmage migrate:preflight\n\n")
				var aliases []string
				
				if len(aliases) > 0 {
					_sort.Strings(aliases)
					_fmt.Printf("Aliases: %s\n\n", _strings.Join(aliases, ", "))
				}
				return
			case "migrate:rollback":
				_fmt.Println("Rollback moves the authority back from green to blue, without loss.")
				_fmt.Println()
				
				_fmt.Print("Usage:\n\n\tmage migrate:rollback\n\n")
				var aliases []string
				
				if len(aliases) > 0 {
					_sort.Strings(aliases)
					_fmt.Printf("Aliases: %s\n\n", _strings.Join(aliases, ", "))
				}
				return
			case "migrate:start":
				_fmt.Println("Start makes the lane to -color (green), loads it and follows; -halt=CODE goes on after a halt.")
				_fmt.Println()
				
				_fmt.Print("Usage:\n\n\tmage migrate:start\n\n")
				var aliases []string
				
				if len(aliases) > 0 {
					_sort.Strings(aliases)
					_fmt.Printf("Aliases: %s\n\n", _strings.Join(aliases, ", "))
				}
				return
			case "migrate:status":
				_fmt.Println("Status shows both lanes, who may write, and the switch.")
				_fmt.Println()
				
				_fmt.Print("Usage:\n\n\tmage migrate:status\n\n")
				var aliases []string
				
				if len(aliases) > 0 {
					_sort.Strings(aliases)
					_fmt.Printf("Aliases: %s\n\n", _strings.Join(aliases, ", "))
				}
				return
			case "migrate:verify":
				_fmt.Println("Verify compares both sides, all rows, while both are written to; then starts the lane back.")
				_fmt.Println()
				
				_fmt.Print("Usage:\n\n\tmage migrate:verify\n\n")
				var aliases []string
				
				if len(aliases) > 0 {
					_sort.Strings(aliases)
					_fmt.Printf("Aliases: %s\n\n", _strings.Join(aliases, ", "))
				}
				return
			case "outputs:all":
				_fmt.Println("All shows what every layer exports.")
				_fmt.Println()
				
				_fmt.Print("Usage:\n\n\tmage outputs:all\n\n")
				var aliases []string
				
				if len(aliases) > 0 {
					_sort.Strings(aliases)
					_fmt.Printf("Aliases: %s\n\n", _strings.Join(aliases, ", "))
				}
				return
			case "outputs:data":
				_fmt.Println("Data shows what data exports.")
				_fmt.Println()
				
				_fmt.Print("Usage:\n\n\tmage outputs:data\n\n")
				var aliases []string
				
				if len(aliases) > 0 {
					_sort.Strings(aliases)
					_fmt.Printf("Aliases: %s\n\n", _strings.Join(aliases, ", "))
				}
				return
			case "outputs:edge":
				_fmt.Println("Edge shows what edge exports.")
				_fmt.Println()
				
				_fmt.Print("Usage:\n\n\tmage outputs:edge\n\n")
				var aliases []string
				
				if len(aliases) > 0 {
					_sort.Strings(aliases)
					_fmt.Printf("Aliases: %s\n\n", _strings.Join(aliases, ", "))
				}
				return
			case "outputs:foundation":
				_fmt.Println("Foundation shows what foundation exports.")
				_fmt.Println()
				
				_fmt.Print("Usage:\n\n\tmage outputs:foundation\n\n")
				var aliases []string
				
				if len(aliases) > 0 {
					_sort.Strings(aliases)
					_fmt.Printf("Aliases: %s\n\n", _strings.Join(aliases, ", "))
				}
				return
			case "outputs:migration":
				_fmt.Println("Migration shows what migration exports.")
				_fmt.Println()
				
				_fmt.Print("Usage:\n\n\tmage outputs:migration\n\n")
				var aliases []string
				
				if len(aliases) > 0 {
					_sort.Strings(aliases)
					_fmt.Printf("Aliases: %s\n\n", _strings.Join(aliases, ", "))
				}
				return
			case "outputs:observability":
				_fmt.Println("Observability shows what observability exports.")
				_fmt.Println()
				
				_fmt.Print("Usage:\n\n\tmage outputs:observability\n\n")
				var aliases []string
				
				if len(aliases) > 0 {
					_sort.Strings(aliases)
					_fmt.Printf("Aliases: %s\n\n", _strings.Join(aliases, ", "))
				}
				return
			case "outputs:security":
				_fmt.Println("Security shows what security exports.")
				_fmt.Println()
				
				_fmt.Print("Usage:\n\n\tmage outputs:security\n\n")
				var aliases []string
				
				if len(aliases) > 0 {
					_sort.Strings(aliases)
					_fmt.Printf("Aliases: %s\n\n", _strings.Join(aliases, ", "))
				}
				return
			case "outputs:services":
				_fmt.Println("Services shows what services exports.")
				_fmt.Println()
				
				_fmt.Print("Usage:\n\n\tmage outputs:services\n\n")
				var aliases []string
				
				if len(aliases) > 0 {
					_sort.Strings(aliases)
					_fmt.Printf("Aliases: %s\n\n", _strings.Join(aliases, ", "))
				}
				return
			case "policy:report":
				_fmt.Println("Report is policy:test that writes the evidence as CSV and Markdown.")
				_fmt.Println()
				
				_fmt.Print("Usage:\n\n\tmage policy:report\n\n")
				var aliases []string
				
				if len(aliases) > 0 {
					_sort.Strings(aliases)
					_fmt.Printf("Aliases: %s\n\n", _strings.Join(aliases, ", "))
				}
				return
			case "policy:test":
				_fmt.Println("Test checks the controls over all that the layers register in staging and prod.")
				_fmt.Println()
				
				_fmt.Print("Usage:\n\n\tmage policy:test\n\n")
				var aliases []string
				
				if len(aliases) > 0 {
					_sort.Strings(aliases)
					_fmt.Printf("Aliases: %s\n\n", _strings.Join(aliases, ", "))
				}
				return
			case "preview:all":
				_fmt.Println("All shows what a deployment of all layers would change; works on an empty account.")
				_fmt.Println()
				
				_fmt.Print("Usage:\n\n\tmage preview:all\n\n")
				var aliases []string
				
				if len(aliases) > 0 {
					_sort.Strings(aliases)
					_fmt.Printf("Aliases: %s\n\n", _strings.Join(aliases, ", "))
				}
				return
			case "preview:data":
				_fmt.Println("Data shows what a deployment of data would change.")
				_fmt.Println()
				
				_fmt.Print("Usage:\n\n\tmage preview:data\n\n")
				var aliases []string
				
				if len(aliases) > 0 {
					_sort.Strings(aliases)
					_fmt.Printf("Aliases: %s\n\n", _strings.Join(aliases, ", "))
				}
				return
			case "preview:edge":
				_fmt.Println("Edge shows what a deployment of edge would change.")
				_fmt.Println()
				
				_fmt.Print("Usage:\n\n\tmage preview:edge\n\n")
				var aliases []string
				
				if len(aliases) > 0 {
					_sort.Strings(aliases)
					_fmt.Printf("Aliases: %s\n\n", _strings.Join(aliases, ", "))
				}
				return
			case "preview:foundation":
				_fmt.Println("Foundation shows what a deployment of foundation would change.")
				_fmt.Println()
				
				_fmt.Print("Usage:\n\n\tmage preview:foundation\n\n")
				var aliases []string
				
				if len(aliases) > 0 {
					_sort.Strings(aliases)
					_fmt.Printf("Aliases: %s\n\n", _strings.Join(aliases, ", "))
				}
				return
			case "preview:migration":
				_fmt.Println("Migration shows what a deployment of migration would change.")
				_fmt.Println()
				
				_fmt.Print("Usage:\n\n\tmage preview:migration\n\n")
				var aliases []string
				
				if len(aliases) > 0 {
					_sort.Strings(aliases)
					_fmt.Printf("Aliases: %s\n\n", _strings.Join(aliases, ", "))
				}
				return
			case "preview:observability":
				_fmt.Println("Observability shows what a deployment of observability would change.")
				_fmt.Println()
				
				_fmt.Print("Usage:\n\n\tmage preview:observability\n\n")
				var aliases []string
				
				if len(aliases) > 0 {
					_sort.Strings(aliases)
					_fmt.Printf("Aliases: %s\n\n", _strings.Join(aliases, ", "))
				}
				return
			case "preview:security":
				_fmt.Println("Security shows what a deployment of security would change.")
				_fmt.Println()
				
				_fmt.Print("Usage:\n\n\tmage preview:security\n\n")
				var aliases []string
				
				if len(aliases) > 0 {
					_sort.Strings(aliases)
					_fmt.Printf("Aliases: %s\n\n", _strings.Join(aliases, ", "))
				}
				return
			case "preview:services":
				_fmt.Println("Services shows what a deployment of services would change.")
				_fmt.Println()
				
				_fmt.Print("Usage:\n\n\tmage preview:services\n\n")
				var aliases []string
				
				if len(aliases) > 0 {
					_sort.Strings(aliases)
					_fmt.Printf("Aliases: %s\n\n", _strings.Join(aliases, ", "))
				}
				return
			case "rollback:edge":
				_fmt.Println("Edge moves all traffic back to blue within about a second, or to -to=RELEASE; touches nothing else.")
				_fmt.Println()
				
				_fmt.Print("Usage:\n\n\tmage rollback:edge\n\n")
				var aliases []string
				
				if len(aliases) > 0 {
					_sort.Strings(aliases)
					_fmt.Printf("Aliases: %s\n\n", _strings.Join(aliases, ", "))
				}
				return
			case "rollback:list":
				_fmt.Println("List shows the releases that rollback:edge takes with -to.")
				_fmt.Println()
				
				_fmt.Print("Usage:\n\n\tmage rollback:list\n\n")
				var aliases []string
				
				if len(aliases) > 0 {
					_sort.Strings(aliases)
					_fmt.Printf("Aliases: %s\n\n", _strings.Join(aliases, ", "))
				}
				return
			case "status":
				_fmt.Println("Status shows the layers, their versions and ages, who holds them, the last actions.")
				_fmt.Println()
				
				_fmt.Print("Usage:\n\n\tmage status\n\n")
				var aliases []string
				
				if len(aliases) > 0 {
					_sort.Strings(aliases)
					_fmt.Printf("Aliases: %s\n\n", _strings.Join(aliases, ", "))
				}
				return
			case "test:all":
				_fmt.Println("All runs the unit, integration and e2e tests; test:provider and test:soak are apart, for their length.")
				_fmt.Println()
				
				_fmt.Print("Usage:\n\n\tmage test:all\n\n")
				var aliases []string
				aliases = append(aliases, "test")
				if len(aliases) > 0 {
					_sort.Strings(aliases)
					_fmt.Printf("Aliases: %s\n\n", _strings.Join(aliases, ", "))
				}
				return
			case "test:e2e":
				_fmt.Println("E2e runs the tests that deploy layers.")
				_fmt.Println()
				
				_fmt.Print("Usage:\n\n\tmage test:e2e\n\n")
				var aliases []string
				
				if len(aliases) > 0 {
					_sort.Strings(aliases)
					_fmt.Printf("Aliases: %s\n\n", _strings.Join(aliases, ", "))
				}
				return
			case "test:integration":
				_fmt.Println("Integration runs the tests that need Pulumi, the plugin or the emulator.")
				_fmt.Println()
				
				_fmt.Print("Usage:\n\n\tmage test:integration\n\n")
				var aliases []string
				
				if len(aliases) > 0 {
					_sort.Strings(aliases)
					_fmt.Printf("Aliases: %s\n\n", _strings.Join(aliases, ", "))
				}
				return
			case "test:provider":
				_fmt.Println("Provider runs each gap of the emulator through the real provider, about a quarter of an hour.")
				_fmt.Println()
				
				_fmt.Print("Usage:\n\n\tmage test:provider\n\n")
				var aliases []string
				
				if len(aliases) > 0 {
					_sort.Strings(aliases)
					_fmt.Printf("Aliases: %s\n\n", _strings.Join(aliases, ", "))
				}
				return
			case "test:soak":
				_fmt.Println("Soak runs the long tests of the sync engine on real databases: large tables, many rounds. Hours.")
				_fmt.Println()
				
				_fmt.Print("Usage:\n\n\tmage test:soak\n\n")
				var aliases []string
				
				if len(aliases) > 0 {
					_sort.Strings(aliases)
					_fmt.Printf("Aliases: %s\n\n", _strings.Join(aliases, ", "))
				}
				return
			case "test:unit":
				_fmt.Println("Unit runs the tests that need nothing but this checkout.")
				_fmt.Println()
				
				_fmt.Print("Usage:\n\n\tmage test:unit\n\n")
				var aliases []string
				
				if len(aliases) > 0 {
					_sort.Strings(aliases)
					_fmt.Printf("Aliases: %s\n\n", _strings.Join(aliases, ", "))
				}
				return
			case "traffic:hold":
				_fmt.Println("Hold keeps the traffic where it is until traffic:promote; needs -reason='…'.")
				_fmt.Println()
				
				_fmt.Print("Usage:\n\n\tmage traffic:hold\n\n")
				var aliases []string
				
				if len(aliases) > 0 {
					_sort.Strings(aliases)
					_fmt.Printf("Aliases: %s\n\n", _strings.Join(aliases, ", "))
				}
				return
			case "traffic:promote":
				_fmt.Println("Promote lifts a hold and takes the next step.")
				_fmt.Println()
				
				_fmt.Print("Usage:\n\n\tmage traffic:promote\n\n")
				var aliases []string
				
				if len(aliases) > 0 {
					_sort.Strings(aliases)
					_fmt.Printf("Aliases: %s\n\n", _strings.Join(aliases, ", "))
				}
				return
			case "traffic:shift":
				_fmt.Println("Shift moves traffic to the next step (1, 5, 10, 25, 50, 100 % to green), or to -to=PERCENT.")
				_fmt.Println()
				
				_fmt.Print("Usage:\n\n\tmage traffic:shift\n\n")
				var aliases []string
				
				if len(aliases) > 0 {
					_sort.Strings(aliases)
					_fmt.Printf("Aliases: %s\n\n", _strings.Join(aliases, ", "))
				}
				return
			case "traffic:status":
				_fmt.Println("Status shows where the traffic is, the gates of the next step, and the history.")
				_fmt.Println()
				
				_fmt.Print("Usage:\n\n\tmage traffic:status\n\n")
				var aliases []string
				
				if len(aliases) > 0 {
					_sort.Strings(aliases)
					_fmt.Printf("Aliases: %s\n\n", _strings.Join(aliases, ", "))
				}
				return
			case "unlock:data":
				_fmt.Println("Data releases the lock of data, after showing whose it is.")
				_fmt.Println()
				
				_fmt.Print("Usage:\n\n\tmage unlock:data\n\n")
				var aliases []string
				
				if len(aliases) > 0 {
					_sort.Strings(aliases)
					_fmt.Printf("Aliases: %s\n\n", _strings.Join(aliases, ", "))
				}
				return
			case "unlock:edge":
				_fmt.Println("Edge releases the lock of edge, after showing whose it is.")
				_fmt.Println()
				
				_fmt.Print("Usage:\n\n\tmage unlock:edge\n\n")
				var aliases []string
				
				if len(aliases) > 0 {
					_sort.Strings(aliases)
					_fmt.Printf("Aliases: %s\n\n", _strings.Join(aliases, ", "))
				}
				return
			case "unlock:foundation":
				_fmt.Println("Foundation releases the lock of foundation, after showing whose it is.")
				_fmt.Println()
				
				_fmt.Print("Usage:\n\n\tmage unlock:foundation\n\n")
				var aliases []string
				
				if len(aliases) > 0 {
					_sort.Strings(aliases)
					_fmt.Printf("Aliases: %s\n\n", _strings.Join(aliases, ", "))
				}
				return
			case "unlock:migration":
				_fmt.Println("Migration releases the lock of migration, after showing whose it is.")
				_fmt.Println()
				
				_fmt.Print("Usage:\n\n\tmage unlock:migration\n\n")
				var aliases []string
				
				if len(aliases) > 0 {
					_sort.Strings(aliases)
					_fmt.Printf("Aliases: %s\n\n", _strings.Join(aliases, ", "))
				}
				return
			case "unlock:observability":
				_fmt.Println("Observability releases the lock of observability, after showing whose it is.")
				_fmt.Println()
				
				_fmt.Print("Usage:\n\n\tmage unlock:observability\n\n")
				var aliases []string
				
				if len(aliases) > 0 {
					_sort.Strings(aliases)
					_fmt.Printf("Aliases: %s\n\n", _strings.Join(aliases, ", "))
				}
				return
			case "unlock:security":
				_fmt.Println("Security releases the lock of security, after showing whose it is.")
				_fmt.Println()
				
				_fmt.Print("Usage:\n\n\tmage unlock:security\n\n")
				var aliases []string
				
				if len(aliases) > 0 {
					_sort.Strings(aliases)
					_fmt.Printf("Aliases: %s\n\n", _strings.Join(aliases, ", "))
				}
				return
			case "unlock:services":
				_fmt.Println("Services releases the lock of services, after showing whose it is.")
				_fmt.Println()
				
				_fmt.Print("Usage:\n\n\tmage unlock:services\n\n")
				var aliases []string
				
				if len(aliases) > 0 {
					_sort.Strings(aliases)
					_fmt.Printf("Aliases: %s\n\n", _strings.Join(aliases, ", "))
				}
				return
			case "verify:all":
				_fmt.Println("All asks AWS whether what was deployed is there and healthy.")
				_fmt.Println()
				
				_fmt.Print("Usage:\n\n\tmage verify:all\n\n")
				var aliases []string
				
				if len(aliases) > 0 {
					_sort.Strings(aliases)
					_fmt.Printf("Aliases: %s\n\n", _strings.Join(aliases, ", "))
				}
				return
			case "verify:data":
				_fmt.Println("Data asks AWS whether data is there and healthy.")
				_fmt.Println()
				
				_fmt.Print("Usage:\n\n\tmage verify:data\n\n")
				var aliases []string
				
				if len(aliases) > 0 {
					_sort.Strings(aliases)
					_fmt.Printf("Aliases: %s\n\n", _strings.Join(aliases, ", "))
				}
				return
			case "verify:edge":
				_fmt.Println("Edge asks AWS whether edge is there and healthy.")
				_fmt.Println()
				
				_fmt.Print("Usage:\n\n\tmage verify:edge\n\n")
				var aliases []string
				
				if len(aliases) > 0 {
					_sort.Strings(aliases)
					_fmt.Printf("Aliases: %s\n\n", _strings.Join(aliases, ", "))
				}
				return
			case "verify:foundation":
				_fmt.Println("Foundation asks AWS whether foundation is there and healthy.")
				_fmt.Println()
				
				_fmt.Print("Usage:\n\n\tmage verify:foundation\n\n")
				var aliases []string
				
				if len(aliases) > 0 {
					_sort.Strings(aliases)
					_fmt.Printf("Aliases: %s\n\n", _strings.Join(aliases, ", "))
				}
				return
			case "verify:migration":
				_fmt.Println("Migration asks AWS whether migration is there and healthy.")
				_fmt.Println()
				
				_fmt.Print("Usage:\n\n\tmage verify:migration\n\n")
				var aliases []string
				
				if len(aliases) > 0 {
					_sort.Strings(aliases)
					_fmt.Printf("Aliases: %s\n\n", _strings.Join(aliases, ", "))
				}
				return
			case "verify:observability":
				_fmt.Println("Observability asks AWS whether observability is there and healthy.")
				_fmt.Println()
				
				_fmt.Print("Usage:\n\n\tmage verify:observability\n\n")
				var aliases []string
				
				if len(aliases) > 0 {
					_sort.Strings(aliases)
					_fmt.Printf("Aliases: %s\n\n", _strings.Join(aliases, ", "))
				}
				return
			case "verify:security":
				_fmt.Println("Security asks AWS whether security is there and healthy.")
				_fmt.Println()
				
				_fmt.Print("Usage:\n\n\tmage verify:security\n\n")
				var aliases []string
				
				if len(aliases) > 0 {
					_sort.Strings(aliases)
					_fmt.Printf("Aliases: %s\n\n", _strings.Join(aliases, ", "))
				}
				return
			case "verify:services":
				_fmt.Println("Services asks AWS whether services is there and healthy.")
				_fmt.Println()
				
				_fmt.Print("Usage:\n\n\tmage verify:services\n\n")
				var aliases []string
				
				if len(aliases) > 0 {
					_sort.Strings(aliases)
					_fmt.Printf("Aliases: %s\n\n", _strings.Join(aliases, ", "))
				}
				return
			default:
				logger.Printf("Unknown target: %q\n", args.Args[0])
				_os.Exit(2)
		}
	}
	if len(args.Args) < 1 {
		if err := list(); err != nil {
			logger.Println("Error:", err)
			_os.Exit(1)
		}
		return
	}
	for x := 0; x < len(args.Args); {
		target := args.Args[x]
		x++

		// resolve aliases
		switch _strings.ToLower(target) {
		
			case "test":
				target = "Test:All"
		}

		switch _strings.ToLower(target) {
		
			case "bench":
				expected := x + 0
				if expected > len(args.Args) {
					// note that expected and args at this point include the arg for the target itself
					// so we subtract 1 here to show the number of args without the target.
					logger.Printf("not enough arguments for target \"Bench\", expected %v, got %v\n", expected-1, len(args.Args)-1)
					_os.Exit(2)
				}
				if args.Verbose {
					logger.Println("Running target:", "Bench")
				}
				
				wrapFn := func(ctx _context.Context) error {
					return Bench(ctx)
				}
				ret := runTarget(logger, wrapFn)
				handleError(logger, ret)
			case "deploy:all":
				expected := x + 0
				if expected > len(args.Args) {
					// note that expected and args at this point include the arg for the target itself
					// so we subtract 1 here to show the number of args without the target.
					logger.Printf("not enough arguments for target \"Deploy:All\", expected %v, got %v\n", expected-1, len(args.Args)-1)
					_os.Exit(2)
				}
				if args.Verbose {
					logger.Println("Running target:", "Deploy:All")
				}
				
				wrapFn := func(ctx _context.Context) error {
					return Deploy{}.All(ctx)
				}
				ret := runTarget(logger, wrapFn)
				handleError(logger, ret)
			case "deploy:data":
				expected := x + 0
				if expected > len(args.Args) {
					// note that expected and args at this point include the arg for the target itself
					// so we subtract 1 here to show the number of args without the target.
					logger.Printf("not enough arguments for target \"Deploy:Data\", expected %v, got %v\n", expected-1, len(args.Args)-1)
					_os.Exit(2)
				}
				if args.Verbose {
					logger.Println("Running target:", "Deploy:Data")
				}
				
				wrapFn := func(ctx _context.Context) error {
					return Deploy{}.Data(ctx)
				}
				ret := runTarget(logger, wrapFn)
				handleError(logger, ret)
			case "deploy:edge":
				expected := x + 0
				if expected > len(args.Args) {
					// note that expected and args at this point include the arg for the target itself
					// so we subtract 1 here to show the number of args without the target.
					logger.Printf("not enough arguments for target \"Deploy:Edge\", expected %v, got %v\n", expected-1, len(args.Args)-1)
					_os.Exit(2)
				}
				if args.Verbose {
					logger.Println("Running target:", "Deploy:Edge")
				}
				
				wrapFn := func(ctx _context.Context) error {
					return Deploy{}.Edge(ctx)
				}
				ret := runTarget(logger, wrapFn)
				handleError(logger, ret)
			case "deploy:foundation":
				expected := x + 0
				if expected > len(args.Args) {
					// note that expected and args at this point include the arg for the target itself
					// so we subtract 1 here to show the number of args without the target.
					logger.Printf("not enough arguments for target \"Deploy:Foundation\", expected %v, got %v\n", expected-1, len(args.Args)-1)
					_os.Exit(2)
				}
				if args.Verbose {
					logger.Println("Running target:", "Deploy:Foundation")
				}
				
				wrapFn := func(ctx _context.Context) error {
					return Deploy{}.Foundation(ctx)
				}
				ret := runTarget(logger, wrapFn)
				handleError(logger, ret)
			case "deploy:migration":
				expected := x + 0
				if expected > len(args.Args) {
					// note that expected and args at this point include the arg for the target itself
					// so we subtract 1 here to show the number of args without the target.
					logger.Printf("not enough arguments for target \"Deploy:Migration\", expected %v, got %v\n", expected-1, len(args.Args)-1)
					_os.Exit(2)
				}
				if args.Verbose {
					logger.Println("Running target:", "Deploy:Migration")
				}
				
				wrapFn := func(ctx _context.Context) error {
					return Deploy{}.Migration(ctx)
				}
				ret := runTarget(logger, wrapFn)
				handleError(logger, ret)
			case "deploy:observability":
				expected := x + 0
				if expected > len(args.Args) {
					// note that expected and args at this point include the arg for the target itself
					// so we subtract 1 here to show the number of args without the target.
					logger.Printf("not enough arguments for target \"Deploy:Observability\", expected %v, got %v\n", expected-1, len(args.Args)-1)
					_os.Exit(2)
				}
				if args.Verbose {
					logger.Println("Running target:", "Deploy:Observability")
				}
				
				wrapFn := func(ctx _context.Context) error {
					return Deploy{}.Observability(ctx)
				}
				ret := runTarget(logger, wrapFn)
				handleError(logger, ret)
			case "deploy:security":
				expected := x + 0
				if expected > len(args.Args) {
					// note that expected and args at this point include the arg for the target itself
					// so we subtract 1 here to show the number of args without the target.
					logger.Printf("not enough arguments for target \"Deploy:Security\", expected %v, got %v\n", expected-1, len(args.Args)-1)
					_os.Exit(2)
				}
				if args.Verbose {
					logger.Println("Running target:", "Deploy:Security")
				}
				
				wrapFn := func(ctx _context.Context) error {
					return Deploy{}.Security(ctx)
				}
				ret := runTarget(logger, wrapFn)
				handleError(logger, ret)
			case "deploy:services":
				expected := x + 0
				if expected > len(args.Args) {
					// note that expected and args at this point include the arg for the target itself
					// so we subtract 1 here to show the number of args without the target.
					logger.Printf("not enough arguments for target \"Deploy:Services\", expected %v, got %v\n", expected-1, len(args.Args)-1)
					_os.Exit(2)
				}
				if args.Verbose {
					logger.Println("Running target:", "Deploy:Services")
				}
				
				wrapFn := func(ctx _context.Context) error {
					return Deploy{}.Services(ctx)
				}
				ret := runTarget(logger, wrapFn)
				handleError(logger, ret)
			case "destroy:all":
				expected := x + 0
				if expected > len(args.Args) {
					// note that expected and args at this point include the arg for the target itself
					// so we subtract 1 here to show the number of args without the target.
					logger.Printf("not enough arguments for target \"Destroy:All\", expected %v, got %v\n", expected-1, len(args.Args)-1)
					_os.Exit(2)
				}
				if args.Verbose {
					logger.Println("Running target:", "Destroy:All")
				}
				
				wrapFn := func(ctx _context.Context) error {
					return Destroy{}.All(ctx)
				}
				ret := runTarget(logger, wrapFn)
				handleError(logger, ret)
			case "destroy:data":
				expected := x + 0
				if expected > len(args.Args) {
					// note that expected and args at this point include the arg for the target itself
					// so we subtract 1 here to show the number of args without the target.
					logger.Printf("not enough arguments for target \"Destroy:Data\", expected %v, got %v\n", expected-1, len(args.Args)-1)
					_os.Exit(2)
				}
				if args.Verbose {
					logger.Println("Running target:", "Destroy:Data")
				}
				
				wrapFn := func(ctx _context.Context) error {
					return Destroy{}.Data(ctx)
				}
				ret := runTarget(logger, wrapFn)
				handleError(logger, ret)
			case "destroy:edge":
				expected := x + 0
				if expected > len(args.Args) {
					// note that expected and args at this point include the arg for the target itself
					// so we subtract 1 here to show the number of args without the target.
					logger.Printf("not enough arguments for target \"Destroy:Edge\", expected %v, got %v\n", expected-1, len(args.Args)-1)
					_os.Exit(2)
				}
				if args.Verbose {
					logger.Println("Running target:", "Destroy:Edge")
				}
				
				wrapFn := func(ctx _context.Context) error {
					return Destroy{}.Edge(ctx)
				}
				ret := runTarget(logger, wrapFn)
				handleError(logger, ret)
			case "destroy:foundation":
				expected := x + 0
				if expected > len(args.Args) {
					// note that expected and args at this point include the arg for the target itself
					// so we subtract 1 here to show the number of args without the target.
					logger.Printf("not enough arguments for target \"Destroy:Foundation\", expected %v, got %v\n", expected-1, len(args.Args)-1)
					_os.Exit(2)
				}
				if args.Verbose {
					logger.Println("Running target:", "Destroy:Foundation")
				}
				
				wrapFn := func(ctx _context.Context) error {
					return Destroy{}.Foundation(ctx)
				}
				ret := runTarget(logger, wrapFn)
				handleError(logger, ret)
			case "destroy:migration":
				expected := x + 0
				if expected > len(args.Args) {
					// note that expected and args at this point include the arg for the target itself
					// so we subtract 1 here to show the number of args without the target.
					logger.Printf("not enough arguments for target \"Destroy:Migration\", expected %v, got %v\n", expected-1, len(args.Args)-1)
					_os.Exit(2)
				}
				if args.Verbose {
					logger.Println("Running target:", "Destroy:Migration")
				}
				
				wrapFn := func(ctx _context.Context) error {
					return Destroy{}.Migration(ctx)
				}
				ret := runTarget(logger, wrapFn)
				handleError(logger, ret)
			case "destroy:observability":
				expected := x + 0
				if expected > len(args.Args) {
					// note that expected and args at this point include the arg for the target itself
					// so we subtract 1 here to show the number of args without the target.
					logger.Printf("not enough arguments for target \"Destroy:Observability\", expected %v, got %v\n", expected-1, len(args.Args)-1)
					_os.Exit(2)
				}
				if args.Verbose {
					logger.Println("Running target:", "Destroy:Observability")
				}
				
				wrapFn := func(ctx _context.Context) error {
					return Destroy{}.Observability(ctx)
				}
				ret := runTarget(logger, wrapFn)
				handleError(logger, ret)
			case "destroy:security":
				expected := x + 0
				if expected > len(args.Args) {
					// note that expected and args at this point include the arg for the target itself
					// so we subtract 1 here to show the number of args without the target.
					logger.Printf("not enough arguments for target \"Destroy:Security\", expected %v, got %v\n", expected-1, len(args.Args)-1)
					_os.Exit(2)
				}
				if args.Verbose {
					logger.Println("Running target:", "Destroy:Security")
				}
				
				wrapFn := func(ctx _context.Context) error {
					return Destroy{}.Security(ctx)
				}
				ret := runTarget(logger, wrapFn)
				handleError(logger, ret)
			case "destroy:services":
				expected := x + 0
				if expected > len(args.Args) {
					// note that expected and args at this point include the arg for the target itself
					// so we subtract 1 here to show the number of args without the target.
					logger.Printf("not enough arguments for target \"Destroy:Services\", expected %v, got %v\n", expected-1, len(args.Args)-1)
					_os.Exit(2)
				}
				if args.Verbose {
					logger.Println("Running target:", "Destroy:Services")
				}
				
				wrapFn := func(ctx _context.Context) error {
					return Destroy{}.Services(ctx)
				}
				ret := runTarget(logger, wrapFn)
				handleError(logger, ret)
			case "doctor":
				expected := x + 0
				if expected > len(args.Args) {
					// note that expected and args at this point include the arg for the target itself
					// so we subtract 1 here to show the number of args without the target.
					logger.Printf("not enough arguments for target \"Doctor\", expected %v, got %v\n", expected-1, len(args.Args)-1)
					_os.Exit(2)
				}
				if args.Verbose {
					logger.Println("Running target:", "Doctor")
				}
				
				wrapFn := func(ctx _context.Context) error {
					return Doctor(ctx)
				}
				ret := runTarget(logger, wrapFn)
				handleError(logger, ret)
			case "drift:all":
				expected := x + 0
				if expected > len(args.Args) {
					// note that expected and args at this point include the arg for the target itself
					// so we subtract 1 here to show the number of args without the target.
					logger.Printf("not enough arguments for target \"Drift:All\", expected %v, got %v\n", expected-1, len(args.Args)-1)
					_os.Exit(2)
				}
				if args.Verbose {
					logger.Println("Running target:", "Drift:All")
				}
				
				wrapFn := func(ctx _context.Context) error {
					return Drift{}.All(ctx)
				}
				ret := runTarget(logger, wrapFn)
				handleError(logger, ret)
			case "drift:data":
				expected := x + 0
				if expected > len(args.Args) {
					// note that expected and args at this point include the arg for the target itself
					// so we subtract 1 here to show the number of args without the target.
					logger.Printf("not enough arguments for target \"Drift:Data\", expected %v, got %v\n", expected-1, len(args.Args)-1)
					_os.Exit(2)
				}
				if args.Verbose {
					logger.Println("Running target:", "Drift:Data")
				}
				
				wrapFn := func(ctx _context.Context) error {
					return Drift{}.Data(ctx)
				}
				ret := runTarget(logger, wrapFn)
				handleError(logger, ret)
			case "drift:edge":
				expected := x + 0
				if expected > len(args.Args) {
					// note that expected and args at this point include the arg for the target itself
					// so we subtract 1 here to show the number of args without the target.
					logger.Printf("not enough arguments for target \"Drift:Edge\", expected %v, got %v\n", expected-1, len(args.Args)-1)
					_os.Exit(2)
				}
				if args.Verbose {
					logger.Println("Running target:", "Drift:Edge")
				}
				
				wrapFn := func(ctx _context.Context) error {
					return Drift{}.Edge(ctx)
				}
				ret := runTarget(logger, wrapFn)
				handleError(logger, ret)
			case "drift:foundation":
				expected := x + 0
				if expected > len(args.Args) {
					// note that expected and args at this point include the arg for the target itself
					// so we subtract 1 here to show the number of args without the target.
					logger.Printf("not enough arguments for target \"Drift:Foundation\", expected %v, got %v\n", expected-1, len(args.Args)-1)
					_os.Exit(2)
				}
				if args.Verbose {
					logger.Println("Running target:", "Drift:Foundation")
				}
				
				wrapFn := func(ctx _context.Context) error {
					return Drift{}.Foundation(ctx)
				}
				ret := runTarget(logger, wrapFn)
				handleError(logger, ret)
			case "drift:migration":
				expected := x + 0
				if expected > len(args.Args) {
					// note that expected and args at this point include the arg for the target itself
					// so we subtract 1 here to show the number of args without the target.
					logger.Printf("not enough arguments for target \"Drift:Migration\", expected %v, got %v\n", expected-1, len(args.Args)-1)
					_os.Exit(2)
				}
				if args.Verbose {
					logger.Println("Running target:", "Drift:Migration")
				}
				
				wrapFn := func(ctx _context.Context) error {
					return Drift{}.Migration(ctx)
				}
				ret := runTarget(logger, wrapFn)
				handleError(logger, ret)
			case "drift:observability":
				expected := x + 0
				if expected > len(args.Args) {
					// note that expected and args at this point include the arg for the target itself
					// so we subtract 1 here to show the number of args without the target.
					logger.Printf("not enough arguments for target \"Drift:Observability\", expected %v, got %v\n", expected-1, len(args.Args)-1)
					_os.Exit(2)
				}
				if args.Verbose {
					logger.Println("Running target:", "Drift:Observability")
				}
				
				wrapFn := func(ctx _context.Context) error {
					return Drift{}.Observability(ctx)
				}
				ret := runTarget(logger, wrapFn)
				handleError(logger, ret)
			case "drift:security":
				expected := x + 0
				if expected > len(args.Args) {
					// note that expected and args at this point include the arg for the target itself
					// so we subtract 1 here to show the number of args without the target.
					logger.Printf("not enough arguments for target \"Drift:Security\", expected %v, got %v\n", expected-1, len(args.Args)-1)
					_os.Exit(2)
				}
				if args.Verbose {
					logger.Println("Running target:", "Drift:Security")
				}
				
				wrapFn := func(ctx _context.Context) error {
					return Drift{}.Security(ctx)
				}
				ret := runTarget(logger, wrapFn)
				handleError(logger, ret)
			case "drift:services":
				expected := x + 0
				if expected > len(args.Args) {
					// note that expected and args at this point include the arg for the target itself
					// so we subtract 1 here to show the number of args without the target.
					logger.Printf("not enough arguments for target \"Drift:Services\", expected %v, got %v\n", expected-1, len(args.Args)-1)
					_os.Exit(2)
				}
				if args.Verbose {
					logger.Println("Running target:", "Drift:Services")
				}
				
				wrapFn := func(ctx _context.Context) error {
					return Drift{}.Services(ctx)
				}
				ret := runTarget(logger, wrapFn)
				handleError(logger, ret)
			case "env":
				expected := x + 0
				if expected > len(args.Args) {
					// note that expected and args at this point include the arg for the target itself
					// so we subtract 1 here to show the number of args without the target.
					logger.Printf("not enough arguments for target \"Env\", expected %v, got %v\n", expected-1, len(args.Args)-1)
					_os.Exit(2)
				}
				if args.Verbose {
					logger.Println("Running target:", "Env")
				}
				
				wrapFn := func(ctx _context.Context) error {
					return Env(ctx)
				}
				ret := runTarget(logger, wrapFn)
				handleError(logger, ret)
			case "graph":
				expected := x + 0
				if expected > len(args.Args) {
					// note that expected and args at this point include the arg for the target itself
					// so we subtract 1 here to show the number of args without the target.
					logger.Printf("not enough arguments for target \"Graph\", expected %v, got %v\n", expected-1, len(args.Args)-1)
					_os.Exit(2)
				}
				if args.Verbose {
					logger.Println("Running target:", "Graph")
				}
				
				wrapFn := func(ctx _context.Context) error {
					return Graph(ctx)
				}
				ret := runTarget(logger, wrapFn)
				handleError(logger, ret)
			case "history":
				expected := x + 0
				if expected > len(args.Args) {
					// note that expected and args at this point include the arg for the target itself
					// so we subtract 1 here to show the number of args without the target.
					logger.Printf("not enough arguments for target \"History\", expected %v, got %v\n", expected-1, len(args.Args)-1)
					_os.Exit(2)
				}
				if args.Verbose {
					logger.Println("Running target:", "History")
				}
				
				wrapFn := func(ctx _context.Context) error {
					return History(ctx)
				}
				ret := runTarget(logger, wrapFn)
				handleError(logger, ret)
			case "local:down":
				expected := x + 0
				if expected > len(args.Args) {
					// note that expected and args at this point include the arg for the target itself
					// so we subtract 1 here to show the number of args without the target.
					logger.Printf("not enough arguments for target \"Local:Down\", expected %v, got %v\n", expected-1, len(args.Args)-1)
					_os.Exit(2)
				}
				if args.Verbose {
					logger.Println("Running target:", "Local:Down")
				}
				
				wrapFn := func(ctx _context.Context) error {
					return Local{}.Down(ctx)
				}
				ret := runTarget(logger, wrapFn)
				handleError(logger, ret)
			case "local:reset":
				expected := x + 0
				if expected > len(args.Args) {
					// note that expected and args at this point include the arg for the target itself
					// so we subtract 1 here to show the number of args without the target.
					logger.Printf("not enough arguments for target \"Local:Reset\", expected %v, got %v\n", expected-1, len(args.Args)-1)
					_os.Exit(2)
				}
				if args.Verbose {
					logger.Println("Running target:", "Local:Reset")
				}
				
				wrapFn := func(ctx _context.Context) error {
					return Local{}.Reset(ctx)
				}
				ret := runTarget(logger, wrapFn)
				handleError(logger, ret)
			case "local:up":
				expected := x + 0
				if expected > len(args.Args) {
					// note that expected and args at this point include the arg for the target itself
					// so we subtract 1 here to show the number of args without the target.
					logger.Printf("not enough arguments for target \"Local:Up\", expected %v, got %v\n", expected-1, len(args.Args)-1)
					_os.Exit(2)
				}
				if args.Verbose {
					logger.Println("Running target:", "Local:Up")
				}
				
				wrapFn := func(ctx _context.Context) error {
					return Local{}.Up(ctx)
				}
				ret := runTarget(logger, wrapFn)
				handleError(logger, ret)
			case "migrate:cutover":
				expected := x + 0
				if expected > len(args.Args) {
					// note that expected and args at this point include the arg for the target itself
					// so we subtract 1 here to show the number of args without the target.
					logger.Printf("not enough arguments for target \"Migrate:Cutover\", expected %v, got %v\n", expected-1, len(args.Args)-1)
					_os.Exit(2)
				}
				if args.Verbose {
					logger.Println("Running target:", "Migrate:Cutover")
				}
				
				wrapFn := func(ctx _context.Context) error {
					return Migrate{}.Cutover(ctx)
				}
				ret := runTarget(logger, wrapFn)
				handleError(logger, ret)
			case "migrate:preflight":
				expected := x + 0
				if expected > len(args.Args) {
					// note that expected and args at this point include the arg for the target itself
					// so we subtract 1 here to show the number of args without the target.
					logger.Printf("not enough arguments for target \"Migrate:Preflight\", expected %v, got %v\n", expected-1, len(args.Args)-1)
					_os.Exit(2)
				}
				if args.Verbose {
					logger.Println("Running target:", "Migrate:Preflight")
				}
				
				wrapFn := func(ctx _context.Context) error {
					return Migrate{}.Preflight(ctx)
				}
				ret := runTarget(logger, wrapFn)
				handleError(logger, ret)
			case "migrate:rollback":
				expected := x + 0
				if expected > len(args.Args) {
					// note that expected and args at this point include the arg for the target itself
					// so we subtract 1 here to show the number of args without the target.
					logger.Printf("not enough arguments for target \"Migrate:Rollback\", expected %v, got %v\n", expected-1, len(args.Args)-1)
					_os.Exit(2)
				}
				if args.Verbose {
					logger.Println("Running target:", "Migrate:Rollback")
				}
				
				wrapFn := func(ctx _context.Context) error {
					return Migrate{}.Rollback(ctx)
				}
				ret := runTarget(logger, wrapFn)
				handleError(logger, ret)
			case "migrate:start":
				expected := x + 0
				if expected > len(args.Args) {
					// note that expected and args at this point include the arg for the target itself
					// so we subtract 1 here to show the number of args without the target.
					logger.Printf("not enough arguments for target \"Migrate:Start\", expected %v, got %v\n", expected-1, len(args.Args)-1)
					_os.Exit(2)
				}
				if args.Verbose {
					logger.Println("Running target:", "Migrate:Start")
				}
				
				wrapFn := func(ctx _context.Context) error {
					return Migrate{}.Start(ctx)
				}
				ret := runTarget(logger, wrapFn)
				handleError(logger, ret)
			case "migrate:status":
				expected := x + 0
				if expected > len(args.Args) {
					// note that expected and args at this point include the arg for the target itself
					// so we subtract 1 here to show the number of args without the target.
					logger.Printf("not enough arguments for target \"Migrate:Status\", expected %v, got %v\n", expected-1, len(args.Args)-1)
					_os.Exit(2)
				}
				if args.Verbose {
					logger.Println("Running target:", "Migrate:Status")
				}
				
				wrapFn := func(ctx _context.Context) error {
					return Migrate{}.Status(ctx)
				}
				ret := runTarget(logger, wrapFn)
				handleError(logger, ret)
			case "migrate:verify":
				expected := x + 0
				if expected > len(args.Args) {
					// note that expected and args at this point include the arg for the target itself
					// so we subtract 1 here to show the number of args without the target.
					logger.Printf("not enough arguments for target \"Migrate:Verify\", expected %v, got %v\n", expected-1, len(args.Args)-1)
					_os.Exit(2)
				}
				if args.Verbose {
					logger.Println("Running target:", "Migrate:Verify")
				}
				
				wrapFn := func(ctx _context.Context) error {
					return Migrate{}.Verify(ctx)
				}
				ret := runTarget(logger, wrapFn)
				handleError(logger, ret)
			case "outputs:all":
				expected := x + 0
				if expected > len(args.Args) {
					// note that expected and args at this point include the arg for the target itself
					// so we subtract 1 here to show the number of args without the target.
					logger.Printf("not enough arguments for target \"Outputs:All\", expected %v, got %v\n", expected-1, len(args.Args)-1)
					_os.Exit(2)
				}
				if args.Verbose {
					logger.Println("Running target:", "Outputs:All")
				}
				
				wrapFn := func(ctx _context.Context) error {
					return Outputs{}.All(ctx)
				}
				ret := runTarget(logger, wrapFn)
				handleError(logger, ret)
			case "outputs:data":
				expected := x + 0
				if expected > len(args.Args) {
					// note that expected and args at this point include the arg for the target itself
					// so we subtract 1 here to show the number of args without the target.
					logger.Printf("not enough arguments for target \"Outputs:Data\", expected %v, got %v\n", expected-1, len(args.Args)-1)
					_os.Exit(2)
				}
				if args.Verbose {
					logger.Println("Running target:", "Outputs:Data")
				}
				
				wrapFn := func(ctx _context.Context) error {
					return Outputs{}.Data(ctx)
				}
				ret := runTarget(logger, wrapFn)
				handleError(logger, ret)
			case "outputs:edge":
				expected := x + 0
				if expected > len(args.Args) {
					// note that expected and args at this point include the arg for the target itself
					// so we subtract 1 here to show the number of args without the target.
					logger.Printf("not enough arguments for target \"Outputs:Edge\", expected %v, got %v\n", expected-1, len(args.Args)-1)
					_os.Exit(2)
				}
				if args.Verbose {
					logger.Println("Running target:", "Outputs:Edge")
				}
				
				wrapFn := func(ctx _context.Context) error {
					return Outputs{}.Edge(ctx)
				}
				ret := runTarget(logger, wrapFn)
				handleError(logger, ret)
			case "outputs:foundation":
				expected := x + 0
				if expected > len(args.Args) {
					// note that expected and args at this point include the arg for the target itself
					// so we subtract 1 here to show the number of args without the target.
					logger.Printf("not enough arguments for target \"Outputs:Foundation\", expected %v, got %v\n", expected-1, len(args.Args)-1)
					_os.Exit(2)
				}
				if args.Verbose {
					logger.Println("Running target:", "Outputs:Foundation")
				}
				
				wrapFn := func(ctx _context.Context) error {
					return Outputs{}.Foundation(ctx)
				}
				ret := runTarget(logger, wrapFn)
				handleError(logger, ret)
			case "outputs:migration":
				expected := x + 0
				if expected > len(args.Args) {
					// note that expected and args at this point include the arg for the target itself
					// so we subtract 1 here to show the number of args without the target.
					logger.Printf("not enough arguments for target \"Outputs:Migration\", expected %v, got %v\n", expected-1, len(args.Args)-1)
					_os.Exit(2)
				}
				if args.Verbose {
					logger.Println("Running target:", "Outputs:Migration")
				}
				
				wrapFn := func(ctx _context.Context) error {
					return Outputs{}.Migration(ctx)
				}
				ret := runTarget(logger, wrapFn)
				handleError(logger, ret)
			case "outputs:observability":
				expected := x + 0
				if expected > len(args.Args) {
					// note that expected and args at this point include the arg for the target itself
					// so we subtract 1 here to show the number of args without the target.
					logger.Printf("not enough arguments for target \"Outputs:Observability\", expected %v, got %v\n", expected-1, len(args.Args)-1)
					_os.Exit(2)
				}
				if args.Verbose {
					logger.Println("Running target:", "Outputs:Observability")
				}
				
				wrapFn := func(ctx _context.Context) error {
					return Outputs{}.Observability(ctx)
				}
				ret := runTarget(logger, wrapFn)
				handleError(logger, ret)
			case "outputs:security":
				expected := x + 0
				if expected > len(args.Args) {
					// note that expected and args at this point include the arg for the target itself
					// so we subtract 1 here to show the number of args without the target.
					logger.Printf("not enough arguments for target \"Outputs:Security\", expected %v, got %v\n", expected-1, len(args.Args)-1)
					_os.Exit(2)
				}
				if args.Verbose {
					logger.Println("Running target:", "Outputs:Security")
				}
				
				wrapFn := func(ctx _context.Context) error {
					return Outputs{}.Security(ctx)
				}
				ret := runTarget(logger, wrapFn)
				handleError(logger, ret)
			case "outputs:services":
				expected := x + 0
				if expected > len(args.Args) {
					// note that expected and args at this point include the arg for the target itself
					// so we subtract 1 here to show the number of args without the target.
					logger.Printf("not enough arguments for target \"Outputs:Services\", expected %v, got %v\n", expected-1, len(args.Args)-1)
					_os.Exit(2)
				}
				if args.Verbose {
					logger.Println("Running target:", "Outputs:Services")
				}
				
				wrapFn := func(ctx _context.Context) error {
					return Outputs{}.Services(ctx)
				}
				ret := runTarget(logger, wrapFn)
				handleError(logger, ret)
			case "policy:report":
				expected := x + 0
				if expected > len(args.Args) {
					// note that expected and args at this point include the arg for the target itself
					// so we subtract 1 here to show the number of args without the target.
					logger.Printf("not enough arguments for target \"Policy:Report\", expected %v, got %v\n", expected-1, len(args.Args)-1)
					_os.Exit(2)
				}
				if args.Verbose {
					logger.Println("Running target:", "Policy:Report")
				}
				
				wrapFn := func(ctx _context.Context) error {
					return Policy{}.Report(ctx)
				}
				ret := runTarget(logger, wrapFn)
				handleError(logger, ret)
			case "policy:test":
				expected := x + 0
				if expected > len(args.Args) {
					// note that expected and args at this point include the arg for the target itself
					// so we subtract 1 here to show the number of args without the target.
					logger.Printf("not enough arguments for target \"Policy:Test\", expected %v, got %v\n", expected-1, len(args.Args)-1)
					_os.Exit(2)
				}
				if args.Verbose {
					logger.Println("Running target:", "Policy:Test")
				}
				
				wrapFn := func(ctx _context.Context) error {
					return Policy{}.Test(ctx)
				}
				ret := runTarget(logger, wrapFn)
				handleError(logger, ret)
			case "preview:all":
				expected := x + 0
				if expected > len(args.Args) {
					// note that expected and args at this point include the arg for the target itself
					// so we subtract 1 here to show the number of args without the target.
					logger.Printf("not enough arguments for target \"Preview:All\", expected %v, got %v\n", expected-1, len(args.Args)-1)
					_os.Exit(2)
				}
				if args.Verbose {
					logger.Println("Running target:", "Preview:All")
				}
				
				wrapFn := func(ctx _context.Context) error {
					return Preview{}.All(ctx)
				}
				ret := runTarget(logger, wrapFn)
				handleError(logger, ret)
			case "preview:data":
				expected := x + 0
				if expected > len(args.Args) {
					// note that expected and args at this point include the arg for the target itself
					// so we subtract 1 here to show the number of args without the target.
					logger.Printf("not enough arguments for target \"Preview:Data\", expected %v, got %v\n", expected-1, len(args.Args)-1)
					_os.Exit(2)
				}
				if args.Verbose {
					logger.Println("Running target:", "Preview:Data")
				}
				
				wrapFn := func(ctx _context.Context) error {
					return Preview{}.Data(ctx)
				}
				ret := runTarget(logger, wrapFn)
				handleError(logger, ret)
			case "preview:edge":
				expected := x + 0
				if expected > len(args.Args) {
					// note that expected and args at this point include the arg for the target itself
					// so we subtract 1 here to show the number of args without the target.
					logger.Printf("not enough arguments for target \"Preview:Edge\", expected %v, got %v\n", expected-1, len(args.Args)-1)
					_os.Exit(2)
				}
				if args.Verbose {
					logger.Println("Running target:", "Preview:Edge")
				}
				
				wrapFn := func(ctx _context.Context) error {
					return Preview{}.Edge(ctx)
				}
				ret := runTarget(logger, wrapFn)
				handleError(logger, ret)
			case "preview:foundation":
				expected := x + 0
				if expected > len(args.Args) {
					// note that expected and args at this point include the arg for the target itself
					// so we subtract 1 here to show the number of args without the target.
					logger.Printf("not enough arguments for target \"Preview:Foundation\", expected %v, got %v\n", expected-1, len(args.Args)-1)
					_os.Exit(2)
				}
				if args.Verbose {
					logger.Println("Running target:", "Preview:Foundation")
				}
				
				wrapFn := func(ctx _context.Context) error {
					return Preview{}.Foundation(ctx)
				}
				ret := runTarget(logger, wrapFn)
				handleError(logger, ret)
			case "preview:migration":
				expected := x + 0
				if expected > len(args.Args) {
					// note that expected and args at this point include the arg for the target itself
					// so we subtract 1 here to show the number of args without the target.
					logger.Printf("not enough arguments for target \"Preview:Migration\", expected %v, got %v\n", expected-1, len(args.Args)-1)
					_os.Exit(2)
				}
				if args.Verbose {
					logger.Println("Running target:", "Preview:Migration")
				}
				
				wrapFn := func(ctx _context.Context) error {
					return Preview{}.Migration(ctx)
				}
				ret := runTarget(logger, wrapFn)
				handleError(logger, ret)
			case "preview:observability":
				expected := x + 0
				if expected > len(args.Args) {
					// note that expected and args at this point include the arg for the target itself
					// so we subtract 1 here to show the number of args without the target.
					logger.Printf("not enough arguments for target \"Preview:Observability\", expected %v, got %v\n", expected-1, len(args.Args)-1)
					_os.Exit(2)
				}
				if args.Verbose {
					logger.Println("Running target:", "Preview:Observability")
				}
				
				wrapFn := func(ctx _context.Context) error {
					return Preview{}.Observability(ctx)
				}
				ret := runTarget(logger, wrapFn)
				handleError(logger, ret)
			case "preview:security":
				expected := x + 0
				if expected > len(args.Args) {
					// note that expected and args at this point include the arg for the target itself
					// so we subtract 1 here to show the number of args without the target.
					logger.Printf("not enough arguments for target \"Preview:Security\", expected %v, got %v\n", expected-1, len(args.Args)-1)
					_os.Exit(2)
				}
				if args.Verbose {
					logger.Println("Running target:", "Preview:Security")
				}
				
				wrapFn := func(ctx _context.Context) error {
					return Preview{}.Security(ctx)
				}
				ret := runTarget(logger, wrapFn)
				handleError(logger, ret)
			case "preview:services":
				expected := x + 0
				if expected > len(args.Args) {
					// note that expected and args at this point include the arg for the target itself
					// so we subtract 1 here to show the number of args without the target.
					logger.Printf("not enough arguments for target \"Preview:Services\", expected %v, got %v\n", expected-1, len(args.Args)-1)
					_os.Exit(2)
				}
				if args.Verbose {
					logger.Println("Running target:", "Preview:Services")
				}
				
				wrapFn := func(ctx _context.Context) error {
					return Preview{}.Services(ctx)
				}
				ret := runTarget(logger, wrapFn)
				handleError(logger, ret)
			case "rollback:edge":
				expected := x + 0
				if expected > len(args.Args) {
					// note that expected and args at this point include the arg for the target itself
					// so we subtract 1 here to show the number of args without the target.
					logger.Printf("not enough arguments for target \"Rollback:Edge\", expected %v, got %v\n", expected-1, len(args.Args)-1)
					_os.Exit(2)
				}
				if args.Verbose {
					logger.Println("Running target:", "Rollback:Edge")
				}
				
				wrapFn := func(ctx _context.Context) error {
					return Rollback{}.Edge(ctx)
				}
				ret := runTarget(logger, wrapFn)
				handleError(logger, ret)
			case "rollback:list":
				expected := x + 0
				if expected > len(args.Args) {
					// note that expected and args at this point include the arg for the target itself
					// so we subtract 1 here to show the number of args without the target.
					logger.Printf("not enough arguments for target \"Rollback:List\", expected %v, got %v\n", expected-1, len(args.Args)-1)
					_os.Exit(2)
				}
				if args.Verbose {
					logger.Println("Running target:", "Rollback:List")
				}
				
				wrapFn := func(ctx _context.Context) error {
					return Rollback{}.List(ctx)
				}
				ret := runTarget(logger, wrapFn)
				handleError(logger, ret)
			case "status":
				expected := x + 0
				if expected > len(args.Args) {
					// note that expected and args at this point include the arg for the target itself
					// so we subtract 1 here to show the number of args without the target.
					logger.Printf("not enough arguments for target \"Status\", expected %v, got %v\n", expected-1, len(args.Args)-1)
					_os.Exit(2)
				}
				if args.Verbose {
					logger.Println("Running target:", "Status")
				}
				
				wrapFn := func(ctx _context.Context) error {
					return Status(ctx)
				}
				ret := runTarget(logger, wrapFn)
				handleError(logger, ret)
			case "test:all":
				expected := x + 0
				if expected > len(args.Args) {
					// note that expected and args at this point include the arg for the target itself
					// so we subtract 1 here to show the number of args without the target.
					logger.Printf("not enough arguments for target \"Test:All\", expected %v, got %v\n", expected-1, len(args.Args)-1)
					_os.Exit(2)
				}
				if args.Verbose {
					logger.Println("Running target:", "Test:All")
				}
				
				wrapFn := func(ctx _context.Context) error {
					return Test{}.All(ctx)
				}
				ret := runTarget(logger, wrapFn)
				handleError(logger, ret)
			case "test:e2e":
				expected := x + 0
				if expected > len(args.Args) {
					// note that expected and args at this point include the arg for the target itself
					// so we subtract 1 here to show the number of args without the target.
					logger.Printf("not enough arguments for target \"Test:E2e\", expected %v, got %v\n", expected-1, len(args.Args)-1)
					_os.Exit(2)
				}
				if args.Verbose {
					logger.Println("Running target:", "Test:E2e")
				}
				
				wrapFn := func(ctx _context.Context) error {
					return Test{}.E2e(ctx)
				}
				ret := runTarget(logger, wrapFn)
				handleError(logger, ret)
			case "test:integration":
				expected := x + 0
				if expected > len(args.Args) {
					// note that expected and args at this point include the arg for the target itself
					// so we subtract 1 here to show the number of args without the target.
					logger.Printf("not enough arguments for target \"Test:Integration\", expected %v, got %v\n", expected-1, len(args.Args)-1)
					_os.Exit(2)
				}
				if args.Verbose {
					logger.Println("Running target:", "Test:Integration")
				}
				
				wrapFn := func(ctx _context.Context) error {
					return Test{}.Integration(ctx)
				}
				ret := runTarget(logger, wrapFn)
				handleError(logger, ret)
			case "test:provider":
				expected := x + 0
				if expected > len(args.Args) {
					// note that expected and args at this point include the arg for the target itself
					// so we subtract 1 here to show the number of args without the target.
					logger.Printf("not enough arguments for target \"Test:Provider\", expected %v, got %v\n", expected-1, len(args.Args)-1)
					_os.Exit(2)
				}
				if args.Verbose {
					logger.Println("Running target:", "Test:Provider")
				}
				
				wrapFn := func(ctx _context.Context) error {
					return Test{}.Provider(ctx)
				}
				ret := runTarget(logger, wrapFn)
				handleError(logger, ret)
			case "test:soak":
				expected := x + 0
				if expected > len(args.Args) {
					// note that expected and args at this point include the arg for the target itself
					// so we subtract 1 here to show the number of args without the target.
					logger.Printf("not enough arguments for target \"Test:Soak\", expected %v, got %v\n", expected-1, len(args.Args)-1)
					_os.Exit(2)
				}
				if args.Verbose {
					logger.Println("Running target:", "Test:Soak")
				}
				
				wrapFn := func(ctx _context.Context) error {
					return Test{}.Soak(ctx)
				}
				ret := runTarget(logger, wrapFn)
				handleError(logger, ret)
			case "test:unit":
				expected := x + 0
				if expected > len(args.Args) {
					// note that expected and args at this point include the arg for the target itself
					// so we subtract 1 here to show the number of args without the target.
					logger.Printf("not enough arguments for target \"Test:Unit\", expected %v, got %v\n", expected-1, len(args.Args)-1)
					_os.Exit(2)
				}
				if args.Verbose {
					logger.Println("Running target:", "Test:Unit")
				}
				
				wrapFn := func(ctx _context.Context) error {
					return Test{}.Unit(ctx)
				}
				ret := runTarget(logger, wrapFn)
				handleError(logger, ret)
			case "traffic:hold":
				expected := x + 0
				if expected > len(args.Args) {
					// note that expected and args at this point include the arg for the target itself
					// so we subtract 1 here to show the number of args without the target.
					logger.Printf("not enough arguments for target \"Traffic:Hold\", expected %v, got %v\n", expected-1, len(args.Args)-1)
					_os.Exit(2)
				}
				if args.Verbose {
					logger.Println("Running target:", "Traffic:Hold")
				}
				
				wrapFn := func(ctx _context.Context) error {
					return Traffic{}.Hold(ctx)
				}
				ret := runTarget(logger, wrapFn)
				handleError(logger, ret)
			case "traffic:promote":
				expected := x + 0
				if expected > len(args.Args) {
					// note that expected and args at this point include the arg for the target itself
					// so we subtract 1 here to show the number of args without the target.
					logger.Printf("not enough arguments for target \"Traffic:Promote\", expected %v, got %v\n", expected-1, len(args.Args)-1)
					_os.Exit(2)
				}
				if args.Verbose {
					logger.Println("Running target:", "Traffic:Promote")
				}
				
				wrapFn := func(ctx _context.Context) error {
					return Traffic{}.Promote(ctx)
				}
				ret := runTarget(logger, wrapFn)
				handleError(logger, ret)
			case "traffic:shift":
				expected := x + 0
				if expected > len(args.Args) {
					// note that expected and args at this point include the arg for the target itself
					// so we subtract 1 here to show the number of args without the target.
					logger.Printf("not enough arguments for target \"Traffic:Shift\", expected %v, got %v\n", expected-1, len(args.Args)-1)
					_os.Exit(2)
				}
				if args.Verbose {
					logger.Println("Running target:", "Traffic:Shift")
				}
				
				wrapFn := func(ctx _context.Context) error {
					return Traffic{}.Shift(ctx)
				}
				ret := runTarget(logger, wrapFn)
				handleError(logger, ret)
			case "traffic:status":
				expected := x + 0
				if expected > len(args.Args) {
					// note that expected and args at this point include the arg for the target itself
					// so we subtract 1 here to show the number of args without the target.
					logger.Printf("not enough arguments for target \"Traffic:Status\", expected %v, got %v\n", expected-1, len(args.Args)-1)
					_os.Exit(2)
				}
				if args.Verbose {
					logger.Println("Running target:", "Traffic:Status")
				}
				
				wrapFn := func(ctx _context.Context) error {
					return Traffic{}.Status(ctx)
				}
				ret := runTarget(logger, wrapFn)
				handleError(logger, ret)
			case "unlock:data":
				expected := x + 0
				if expected > len(args.Args) {
					// note that expected and args at this point include the arg for the target itself
					// so we subtract 1 here to show the number of args without the target.
					logger.Printf("not enough arguments for target \"Unlock:Data\", expected %v, got %v\n", expected-1, len(args.Args)-1)
					_os.Exit(2)
				}
				if args.Verbose {
					logger.Println("Running target:", "Unlock:Data")
				}
				
				wrapFn := func(ctx _context.Context) error {
					return Unlock{}.Data(ctx)
				}
				ret := runTarget(logger, wrapFn)
				handleError(logger, ret)
			case "unlock:edge":
				expected := x + 0
				if expected > len(args.Args) {
					// note that expected and args at this point include the arg for the target itself
					// so we subtract 1 here to show the number of args without the target.
					logger.Printf("not enough arguments for target \"Unlock:Edge\", expected %v, got %v\n", expected-1, len(args.Args)-1)
					_os.Exit(2)
				}
				if args.Verbose {
					logger.Println("Running target:", "Unlock:Edge")
				}
				
				wrapFn := func(ctx _context.Context) error {
					return Unlock{}.Edge(ctx)
				}
				ret := runTarget(logger, wrapFn)
				handleError(logger, ret)
			case "unlock:foundation":
				expected := x + 0
				if expected > len(args.Args) {
					// note that expected and args at this point include the arg for the target itself
					// so we subtract 1 here to show the number of args without the target.
					logger.Printf("not enough arguments for target \"Unlock:Foundation\", expected %v, got %v\n", expected-1, len(args.Args)-1)
					_os.Exit(2)
				}
				if args.Verbose {
					logger.Println("Running target:", "Unlock:Foundation")
				}
				
				wrapFn := func(ctx _context.Context) error {
					return Unlock{}.Foundation(ctx)
				}
				ret := runTarget(logger, wrapFn)
				handleError(logger, ret)
			case "unlock:migration":
				expected := x + 0
				if expected > len(args.Args) {
					// note that expected and args at this point include the arg for the target itself
					// so we subtract 1 here to show the number of args without the target.
					logger.Printf("not enough arguments for target \"Unlock:Migration\", expected %v, got %v\n", expected-1, len(args.Args)-1)
					_os.Exit(2)
				}
				if args.Verbose {
					logger.Println("Running target:", "Unlock:Migration")
				}
				
				wrapFn := func(ctx _context.Context) error {
					return Unlock{}.Migration(ctx)
				}
				ret := runTarget(logger, wrapFn)
				handleError(logger, ret)
			case "unlock:observability":
				expected := x + 0
				if expected > len(args.Args) {
					// note that expected and args at this point include the arg for the target itself
					// so we subtract 1 here to show the number of args without the target.
					logger.Printf("not enough arguments for target \"Unlock:Observability\", expected %v, got %v\n", expected-1, len(args.Args)-1)
					_os.Exit(2)
				}
				if args.Verbose {
					logger.Println("Running target:", "Unlock:Observability")
				}
				
				wrapFn := func(ctx _context.Context) error {
					return Unlock{}.Observability(ctx)
				}
				ret := runTarget(logger, wrapFn)
				handleError(logger, ret)
			case "unlock:security":
				expected := x + 0
				if expected > len(args.Args) {
					// note that expected and args at this point include the arg for the target itself
					// so we subtract 1 here to show the number of args without the target.
					logger.Printf("not enough arguments for target \"Unlock:Security\", expected %v, got %v\n", expected-1, len(args.Args)-1)
					_os.Exit(2)
				}
				if args.Verbose {
					logger.Println("Running target:", "Unlock:Security")
				}
				
				wrapFn := func(ctx _context.Context) error {
					return Unlock{}.Security(ctx)
				}
				ret := runTarget(logger, wrapFn)
				handleError(logger, ret)
			case "unlock:services":
				expected := x + 0
				if expected > len(args.Args) {
					// note that expected and args at this point include the arg for the target itself
					// so we subtract 1 here to show the number of args without the target.
					logger.Printf("not enough arguments for target \"Unlock:Services\", expected %v, got %v\n", expected-1, len(args.Args)-1)
					_os.Exit(2)
				}
				if args.Verbose {
					logger.Println("Running target:", "Unlock:Services")
				}
				
				wrapFn := func(ctx _context.Context) error {
					return Unlock{}.Services(ctx)
				}
				ret := runTarget(logger, wrapFn)
				handleError(logger, ret)
			case "verify:all":
				expected := x + 0
				if expected > len(args.Args) {
					// note that expected and args at this point include the arg for the target itself
					// so we subtract 1 here to show the number of args without the target.
					logger.Printf("not enough arguments for target \"Verify:All\", expected %v, got %v\n", expected-1, len(args.Args)-1)
					_os.Exit(2)
				}
				if args.Verbose {
					logger.Println("Running target:", "Verify:All")
				}
				
				wrapFn := func(ctx _context.Context) error {
					return Verify{}.All(ctx)
				}
				ret := runTarget(logger, wrapFn)
				handleError(logger, ret)
			case "verify:data":
				expected := x + 0
				if expected > len(args.Args) {
					// note that expected and args at this point include the arg for the target itself
					// so we subtract 1 here to show the number of args without the target.
					logger.Printf("not enough arguments for target \"Verify:Data\", expected %v, got %v\n", expected-1, len(args.Args)-1)
					_os.Exit(2)
				}
				if args.Verbose {
					logger.Println("Running target:", "Verify:Data")
				}
				
				wrapFn := func(ctx _context.Context) error {
					return Verify{}.Data(ctx)
				}
				ret := runTarget(logger, wrapFn)
				handleError(logger, ret)
			case "verify:edge":
				expected := x + 0
				if expected > len(args.Args) {
					// note that expected and args at this point include the arg for the target itself
					// so we subtract 1 here to show the number of args without the target.
					logger.Printf("not enough arguments for target \"Verify:Edge\", expected %v, got %v\n", expected-1, len(args.Args)-1)
					_os.Exit(2)
				}
				if args.Verbose {
					logger.Println("Running target:", "Verify:Edge")
				}
				
				wrapFn := func(ctx _context.Context) error {
					return Verify{}.Edge(ctx)
				}
				ret := runTarget(logger, wrapFn)
				handleError(logger, ret)
			case "verify:foundation":
				expected := x + 0
				if expected > len(args.Args) {
					// note that expected and args at this point include the arg for the target itself
					// so we subtract 1 here to show the number of args without the target.
					logger.Printf("not enough arguments for target \"Verify:Foundation\", expected %v, got %v\n", expected-1, len(args.Args)-1)
					_os.Exit(2)
				}
				if args.Verbose {
					logger.Println("Running target:", "Verify:Foundation")
				}
				
				wrapFn := func(ctx _context.Context) error {
					return Verify{}.Foundation(ctx)
				}
				ret := runTarget(logger, wrapFn)
				handleError(logger, ret)
			case "verify:migration":
				expected := x + 0
				if expected > len(args.Args) {
					// note that expected and args at this point include the arg for the target itself
					// so we subtract 1 here to show the number of args without the target.
					logger.Printf("not enough arguments for target \"Verify:Migration\", expected %v, got %v\n", expected-1, len(args.Args)-1)
					_os.Exit(2)
				}
				if args.Verbose {
					logger.Println("Running target:", "Verify:Migration")
				}
				
				wrapFn := func(ctx _context.Context) error {
					return Verify{}.Migration(ctx)
				}
				ret := runTarget(logger, wrapFn)
				handleError(logger, ret)
			case "verify:observability":
				expected := x + 0
				if expected > len(args.Args) {
					// note that expected and args at this point include the arg for the target itself
					// so we subtract 1 here to show the number of args without the target.
					logger.Printf("not enough arguments for target \"Verify:Observability\", expected %v, got %v\n", expected-1, len(args.Args)-1)
					_os.Exit(2)
				}
				if args.Verbose {
					logger.Println("Running target:", "Verify:Observability")
				}
				
				wrapFn := func(ctx _context.Context) error {
					return Verify{}.Observability(ctx)
				}
				ret := runTarget(logger, wrapFn)
				handleError(logger, ret)
			case "verify:security":
				expected := x + 0
				if expected > len(args.Args) {
					// note that expected and args at this point include the arg for the target itself
					// so we subtract 1 here to show the number of args without the target.
					logger.Printf("not enough arguments for target \"Verify:Security\", expected %v, got %v\n", expected-1, len(args.Args)-1)
					_os.Exit(2)
				}
				if args.Verbose {
					logger.Println("Running target:", "Verify:Security")
				}
				
				wrapFn := func(ctx _context.Context) error {
					return Verify{}.Security(ctx)
				}
				ret := runTarget(logger, wrapFn)
				handleError(logger, ret)
			case "verify:services":
				expected := x + 0
				if expected > len(args.Args) {
					// note that expected and args at this point include the arg for the target itself
					// so we subtract 1 here to show the number of args without the target.
					logger.Printf("not enough arguments for target \"Verify:Services\", expected %v, got %v\n", expected-1, len(args.Args)-1)
					_os.Exit(2)
				}
				if args.Verbose {
					logger.Println("Running target:", "Verify:Services")
				}
				
				wrapFn := func(ctx _context.Context) error {
					return Verify{}.Services(ctx)
				}
				ret := runTarget(logger, wrapFn)
				handleError(logger, ret)
		
		default:
			logger.Printf("Unknown target specified: %q\n", target)
			_os.Exit(2)
		}
	}
}




