// Command switch is the function that moves the authority to its colour, one step
// for each call. Outside of Lambda it looks after a switch that was left behind.
package main

import "github.com/cutover/cutover/projects/migration/function"

func main() { function.Serve("switch", function.NewSwitch) }
