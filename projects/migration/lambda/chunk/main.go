// Command chunk is the function that loads chunks of the base of its colour's lane
// beside the lane's own invocation, and lists what is left of them.
package main

import "github.com/cutover/cutover/projects/migration/function"

func main() { function.Serve("chunk", function.NewChunk) }
