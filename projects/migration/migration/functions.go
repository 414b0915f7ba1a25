package migration

import "fmt"

// function is one function of the layer. Its name is also the folder of its
// command below lambda/ and the name of its zip in dist/.
type function struct {
	name        string
	description string
	// rate is how often the schedule starts it, as EventBridge Scheduler writes it.
	rate string
	// timeout is in seconds, memory in MiB.
	timeout, memory int
}

// functions lists every function of one colour.
func functions() []function {
	return []function{{
		name:        "canary",
		description: "Proves that this colour reaches the control table",
		rate:        "rate(1 minute)",
		timeout:     10,
		memory:      128,
	}}
}

// source is the function's main package, below the project.
func (f function) source() string { return "./lambda/" + f.name }

// zip is the function's archive, below the project, where Pulumi's engine runs.
func (f function) zip() string { return fmt.Sprintf("dist/%s.zip", f.name) }
