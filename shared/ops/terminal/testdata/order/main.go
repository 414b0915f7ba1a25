// Command order links what the runner links; its initialisation is traced.
package main

import (
	"fmt"
	"os"

	_ "github.com/cutover/cutover/shared/ops"
	"github.com/cutover/cutover/shared/ops/terminal"
)

func main() {
	loaded := os.Getenv("TERM")
	if err := terminal.Restore(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Printf("loaded as %s, started as %s\n", loaded, os.Getenv("TERM"))
}
