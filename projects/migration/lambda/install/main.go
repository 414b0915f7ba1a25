// Command install is the function that prepares both databases for its colour's
// lane, checks them, and makes and resumes the lane.
package main

import "github.com/cutover/cutover/projects/migration/function"

func main() { function.Serve("install", function.NewInstall) }
