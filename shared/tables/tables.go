// Package tables describes the DynamoDB tables of the applications: sessions and
// rate limits. The layer that makes them, the services that use them and the
// functions that copy them take names, keys and item design from here. The
// package imports nothing of AWS, since functions compile it in; it neither
// reads nor writes.
//
// # Sessions
//
// One item a session, written by sign-in, touched by use, deleted by sign-out or
// by its time to live.
//
//	session_id    S  key: random, at least 128 bits, never an account number
//	user_id       S  whose session it is
//	device_id     S  the device it was opened on
//	created_at    N  epoch seconds; never changes, so a touch rewrites no index key
//	last_seen_at  N  epoch seconds
//	expires_at    N  epoch seconds; the time to live
//	expiry_hour   S  ExpiryHour of expires_at and session_id
//
// by-user answers "which sessions has this user" (sign out everywhere),
// by-device "which sessions run on this device" (a lost device), by-expiry
// "which sessions end in this hour": DynamoDB deletes an expired item within
// days, not at once, so readers compare expires_at themselves.
//
// # Rate limits
//
// One counter an item: client, operation and window. The writer adds to count
// with an atomic update and refuses when the result is over the limit.
//
//	counter       S  key: Counter of client and operation
//	window_start  N  sort key: epoch seconds at which the window begins
//	client_id     S  who is counted
//	window_shard  S  WindowShard of window_start and client_id
//	count         N  requests so far
//	expires_at    N  epoch seconds; the time to live, after the window's end
//
// by-client answers "what did this client do" over all operations, by-window
// "who was active in this window". Neither holds the count: an index with it
// would be written at every request. A reader fetches it by the key.
package tables

import (
	"fmt"
	"hash/fnv"
	"strconv"
	"time"
)

// The types of key attributes, as DynamoDB writes them.
const (
	Text   = "S"
	Number = "N"
)

// Marker is the attribute in which the copying functions sign what they write.
// Applications neither read nor write it, and no key or index may hold it.
const Marker = "_bg"

// Class says what the migration does with a table.
type Class string

// The classes: standard tables are copied item by item and compared; ephemeral
// ones start empty on the new side.
const (
	Standard  Class = "standard"
	Ephemeral Class = "ephemeral"
)

// Attribute is a key attribute. The zero value means that there is none.
type Attribute struct{ Name, Type string }

// Index is a global secondary index. It holds the keys of the index and of the
// table, and the attributes of Include.
type Index struct {
	Name        string
	Hash, Range Attribute
	Include     []string
}

// Table is the design of one table.
type Table struct {
	// Name is the purpose, the last part of the physical name.
	Name        string
	Class       Class
	Hash, Range Attribute
	Indexes     []Index
	// TTL is the attribute that holds the end of an item's life in epoch seconds.
	TTL string
}

// TTL is the time-to-live attribute of both tables.
const TTL = "expires_at"

// Sessions is the table of user sessions.
func Sessions() Table {
	created := Attribute{"created_at", Number}
	return Table{
		Name: "sessions", Class: Standard, TTL: TTL,
		Hash: Attribute{"session_id", Text},
		Indexes: []Index{
			{Name: "by-user", Hash: Attribute{"user_id", Text}, Range: created, Include: []string{"device_id", TTL}},
			{Name: "by-device", Hash: Attribute{"device_id", Text}, Range: created, Include: []string{"user_id", TTL}},
			{Name: "by-expiry", Hash: Attribute{"expiry_hour", Text}, Range: Attribute{TTL, Number}, Include: []string{"user_id"}},
		},
	}
}

// RateLimits is the table of request counters.
func RateLimits() Table {
	window := Attribute{"window_start", Number}
	return Table{
		Name: "rate-limits", Class: Ephemeral, TTL: TTL,
		Hash: Attribute{"counter", Text}, Range: window,
		Indexes: []Index{
			{Name: "by-client", Hash: Attribute{"client_id", Text}, Range: window},
			{Name: "by-window", Hash: Attribute{"window_shard", Text}, Range: Attribute{"client_id", Text}},
		},
	}
}

// All lists the tables.
func All() []Table { return []Table{Sessions(), RateLimits()} }

// Attributes lists every key attribute of the table and its indexes once, in
// the order in which they are met.
func (t Table) Attributes() []Attribute {
	var all []Attribute
	seen := map[string]bool{"": true}
	add := func(a Attribute) {
		if !seen[a.Name] {
			seen[a.Name] = true
			all = append(all, a)
		}
	}
	add(t.Hash)
	add(t.Range)
	for _, index := range t.Indexes {
		add(index.Hash)
		add(index.Range)
	}
	return all
}

// shards spread what happens at the same time over partitions: one partition
// takes 1,000 writes a second (Amazon DynamoDB developer guide, "Designing
// partition keys to distribute your workload"). A reader asks all of them.
const shards = 16

// Shards lists the numbers that ExpiryHour and WindowShard end in.
func Shards() []int {
	all := make([]int, shards)
	for i := range all {
		all[i] = i
	}
	return all
}

func shard(of string) int {
	sum := fnv.New32a()
	_, _ = sum.Write([]byte(of)) // a hash never fails to write
	return int(sum.Sum32() % shards)
}

// ExpiryHour is the attribute expiry_hour: the UTC hour of the end and a shard.
func ExpiryHour(expires time.Time, sessionID string) string {
	return expires.UTC().Format("2006010215") + "#" + strconv.Itoa(shard(sessionID))
}

// Counter is the key of what a client does with an operation.
func Counter(clientID, operation string) string { return clientID + "#" + operation }

// WindowShard is the attribute window_shard: the window's beginning and a shard.
func WindowShard(start time.Time, clientID string) string {
	return fmt.Sprintf("%d#%d", start.Unix(), shard(clientID))
}

// CanaryLife is how long a canary item lives.
const CanaryLife = 10 * time.Minute

// CanaryKey is the key of an item with which the copying functions prove that a
// shard of the stream has been read. id is random, so that canaries reach every
// shard. No application makes keys that begin like it, and a canary stands in no
// index: it has none of their attributes.
func (t Table) CanaryKey(id string) map[string]string {
	key := map[string]string{t.Hash.Name: "canary#" + id}
	switch t.Range.Type {
	case Text:
		key[t.Range.Name] = "canary"
	case Number:
		key[t.Range.Name] = "0"
	}
	return key
}
