// Package control names what stands in the control table: the DynamoDB table
// outside both databases that says who may write and how far the migration is.
// The layer that makes the table, the policies on it and the functions that use
// it take the names from here. The package imports nothing heavy, since functions
// compile it in; it neither reads nor writes.
package control

import "github.com/cutover/cutover/shared/naming"

// The table's key and the attribute that every item counts its changes in. A
// write names the revision it replaces, so that two writers cannot both win.
const (
	HashKey  = "item"
	Revision = "rev"
)

// CanaryItem is the key of the item in which the functions of one colour prove
// that they reach the table.
func CanaryItem(color naming.Color) string { return "canary#" + string(color) }
