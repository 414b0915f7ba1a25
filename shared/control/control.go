// Package control names what stands in the control table: the DynamoDB table
// outside both databases that says who may write and how far the migration is.
// The layer that makes the table, the policies on it and the functions that use
// it take the names from here. The package imports nothing heavy, since functions
// compile it in; it neither reads nor writes the table, but has the form of the
// items that more than one reads.
//
// Every item is of one subject. It is read consistently and written on the
// condition that its revision is still the one that was read.
//
//	authority    who may write (Token)
//	switch       the change of authority in progress, or the last one (Switch)
//	traffic      how far the traffic has moved: ladder, step, since, last_gate, hold_reason, …
//	traffic#<n>  revision n of traffic: the history
//	release      the number of the last release of the edge layer
//	release#<n>  what the edge layer was after its deployment n
//	lane#<lane>  who works on a lane: owner, lease_until, wanted (run or pause)
//	load#<lane>  progress of the first load, for information: the databases know it
//	verify#<lane>  progress of the verification, for information too
//	closing#<id of a principal>  what this operator has confirmed last: the end of the migration, or a change that is discarded (Confirmation)
//	canary#<color>  proof that the functions of a colour reach the table
//
// A lease only avoids wasted work; nothing may depend on one.
package control

import (
	"strconv"

	"github.com/cutover/cutover/shared/naming"
)

// The table's key and the attribute that every item counts its changes in. A
// write names the revision it replaces, so that two writers cannot both win.
const (
	HashKey  = "item"
	Revision = "rev"
)

// The items of which there is one.
const (
	AuthorityItem = "authority"
	SwitchItem    = "switch"
	TrafficItem   = "traffic"
	ReleaseItem   = "release"
)

// The beginnings of the keys of items of which there is one a lane.
const (
	LanePrefix   = "lane#"
	LoadPrefix   = "load#"
	VerifyPrefix = "verify#"
	CheckPrefix  = "check#"
)

// The beginnings of the keys of items of which there is one a number.
const (
	TrafficPrefix = "traffic#"
	ReleasePrefix = "release#"
)

// TrafficLine is the key of one revision of TrafficItem in its history.
func TrafficLine(rev int64) string { return TrafficPrefix + strconv.FormatInt(rev, 10) }

// ReleaseLine is the key of one release of the edge layer.
func ReleaseLine(number int64) string { return ReleasePrefix + strconv.FormatInt(number, 10) }

// LaneItem is the key of the lease of a lane, such as "core.fwd".
func LaneItem(lane string) string { return LanePrefix + lane }

// LoadItem is the key of the progress of a lane's first load.
func LoadItem(lane string) string { return LoadPrefix + lane }

// VerifyItem is the key of what a lane's comparisons tell about themselves.
func VerifyItem(lane string) string { return VerifyPrefix + lane }

// CheckItem is the key of what the check of a lane's databases has found last.
func CheckItem(lane string) string { return CheckPrefix + lane }

// CanaryItem is the key of the item in which the functions of one colour prove
// that they reach the table.
func CanaryItem(color naming.Color) string { return "canary#" + string(color) }
