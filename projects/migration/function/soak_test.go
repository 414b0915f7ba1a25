//go:build integration && soak

package function_test

const everyFault = true
