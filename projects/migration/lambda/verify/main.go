// Command verify is the function that compares both sides of its colour's lane.
package main

import "github.com/cutover/cutover/projects/migration/function"

func main() { function.Serve("verify", function.NewVerify) }
