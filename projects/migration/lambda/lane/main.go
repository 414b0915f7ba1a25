// Command lane is the function that carries the changes of the other colour's
// database to its own. Outside of Lambda it does so as a process, until it is told
// to end.
package main

import "github.com/cutover/cutover/projects/migration/function"

func main() { function.Serve("lane", function.NewLane) }
