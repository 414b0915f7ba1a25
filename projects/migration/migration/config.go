package migration

import "github.com/cutover/cutover/shared/config"

// Config is the configuration of the sync layer, in the namespace "migration".
type Config struct {
	Environment config.Environment `config:"environment"`
	// SyncWindow starts the functions on their schedules. It follows the window
	// of the network layer: outside it nothing of this layer runs.
	SyncWindow bool `config:"syncWindow"`
}

// Validate checks every value.
func (c Config) Validate(p *config.Problems) { c.Environment.Validate(p) }

// CheckConfig reads and validates a stack file without running the program.
func CheckConfig(stackFile string) error {
	_, err := config.ReadFile[Config](stackFile)
	return err
}
