// Command finalise is the function that ends a migration to its colour, for two
// operators who have confirmed it.
package main

import "github.com/cutover/cutover/projects/migration/function"

func main() { function.Serve("finalise", function.NewFinalise) }
