package security

import "github.com/cutover/cutover/shared/config"

// Config is the configuration of the layer of keys and roles, in the namespace
// "security".
type Config struct {
	Environment config.Environment `config:"environment"`
}

// Validate checks every value.
func (c Config) Validate(p *config.Problems) { c.Environment.Validate(p) }

// CheckConfig reads and validates a stack file without running the program.
func CheckConfig(stackFile string) error {
	_, err := config.ReadFile[Config](stackFile)
	return err
}
