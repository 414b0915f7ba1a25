//go:build integration && !soak

package lane_test

// soak tells that tests may take their time.
const soak = false
