//go:build soak

package customers

// requests is how many payments measure a step.
const requests = 20_000
