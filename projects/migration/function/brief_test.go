//go:build integration && !soak

package function_test

// everyFault tells that each part of a move meets its fault; else those do that cost
// a second or hold writers up.
const everyFault = false
