// Package proof has the record of a switch: what was done when, where both sides
// stood, and what was shown to be equal. A record is signed and stored where it
// cannot be changed. It holds positions, counts and keyed hashes, and no value of
// a row, no key and no plain hash of one: those could be found by trying.
package proof

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/cutover/cutover/projects/migration/lane/sequence"
	"github.com/cutover/cutover/shared/control"
	"github.com/cutover/cutover/shared/naming"
)

// Format is the version of the record's form.
const Format = 1

// Record is the document.
type Record struct {
	Format int    `json:"format"`
	ID     string `json:"id"`
	// Outcome is "switched"; of a forced one "lossy" or "drained, unverified"; of the
	// closing record of a migration "finalised".
	Outcome string       `json:"outcome"`
	From    naming.Color `json:"from"`
	To      naming.Color `json:"to"`
	// Epoch is that of the term that ended.
	Epoch     int64    `json:"epoch"`
	Attempt   string   `json:"attempt"`
	Reason    string   `json:"reason"`
	Operators []string `json:"operators"`
	// Steps are the times of all transitions, by the clock of who made them.
	Steps      []control.StepTime `json:"steps"`
	FenceLSN   string             `json:"fenceLsn"`
	ReverseLSN string             `json:"reverseLsn"`
	Lanes      []Lane             `json:"lanes"`
	Tables     []Table            `json:"tables"`
	Sequences  []sequence.State   `json:"sequences"`
	Tail       Tail               `json:"tail"`
	Gates      []Gate             `json:"gates"`
	// Discarded names the changes that operators have discarded, by lane and
	// position.
	Discarded []string `json:"discarded"`
	// Checks are the postconditions with their result.
	Checks []Gate `json:"checks"`
	// Pause is how long writers were kept out: by the switcher's monotonic clock, or, for
	// a switch that another process had to end, between the times at which either wrote
	// it down. nil is not known.
	Pause *time.Duration `json:"pauseNanoseconds"`
	// LastApplied is the last applied position of a forced switch.
	LastApplied string `json:"lastApplied,omitempty"`
}

// Lane is where a lane stood.
type Lane struct {
	Name       string `json:"name"`
	Generation int64  `json:"generation"`
	Applied    string `json:"applied"`
	Txns       int64  `json:"transactions"`
	Echoes     int64  `json:"echoes"`
}

// Table is what was shown of a table. HMAC is keyed over the sums of its buckets;
// it is empty where a switch was forced.
type Table struct {
	Name    string `json:"name"`
	Rows    int64  `json:"rows"`
	Buckets int    `json:"buckets"`
	// From and To are the positions between which the buckets were found equal.
	From string `json:"from"`
	To   string `json:"to"`
	HMAC string `json:"hmac"`
}

// Tail is what was compared while writers were kept out.
type Tail struct {
	Keys    int           `json:"keys"`
	Buckets int           `json:"buckets"`
	Took    time.Duration `json:"tookNanoseconds"`
}

// Gate is a condition and how it stood: "pass", "fail" or "unknown".
type Gate struct {
	Name    string `json:"name"`
	Verdict string `json:"verdict"`
	Detail  string `json:"detail"`
}

// Signature is a signature over the record's bytes.
type Signature struct {
	Algorithm string `json:"algorithm"`
	Key       string `json:"key"`
	Value     []byte `json:"value"`
}

// Signed is what is stored: the record's exact bytes with their signature.
type Signed struct {
	Record    json.RawMessage `json:"record"`
	SHA256    string          `json:"sha256"`
	Signature Signature       `json:"signature"`
}

// Signer signs records, and makes the keyed hashes in them with a key that never
// leaves it.
type Signer interface {
	Verifier
	Sign(ctx context.Context, payload []byte) (Signature, error)
}

// Verifier checks signatures of one key; ErrInvalid tells of one that is not good.
type Verifier interface {
	Verify(ctx context.Context, payload []byte, signature Signature) error
}

// Store keeps records for good: Put never replaces one, and ErrExists tells that
// another record of that name is there. Putting the same bytes again is no error.
type Store interface {
	Put(ctx context.Context, name string, body []byte) error
	Get(ctx context.Context, name string) ([]byte, error)
}

// What signers and stores answer besides failures of their own.
var (
	ErrExists  = errors.New("another record of that name is stored")
	ErrAbsent  = errors.New("no such record")
	ErrInvalid = errors.New("the record is not what was signed")
)

// Draft is the name under which a record is stored before it is complete.
func Draft(id string) string { return id + ".draft" }

// Closing is the name of the record that ends a migration, which the record of its
// last switch is followed by.
func Closing(id string) string { return id + ".closing" }

// Seal signs a record and gives it the form in which it is stored.
func Seal(ctx context.Context, signer Signer, record Record) ([]byte, error) {
	record.Format = Format
	payload, err := json.Marshal(record)
	if err != nil {
		return nil, fmt.Errorf("encode proof record %s: %w", record.ID, err)
	}
	signature, err := signer.Sign(ctx, payload)
	if err != nil {
		return nil, fmt.Errorf("sign proof record %s: %w", record.ID, err)
	}
	digest := sha256.Sum256(payload)
	body, err := json.Marshal(Signed{Record: payload, SHA256: hex.EncodeToString(digest[:]), Signature: signature})
	if err != nil {
		return nil, fmt.Errorf("encode proof record %s: %w", record.ID, err)
	}
	return body, nil
}

// Open reads what is stored and checks its signature.
func Open(ctx context.Context, verifier Verifier, body []byte) (Record, error) {
	var signed Signed
	if err := json.Unmarshal(body, &signed); err != nil {
		return Record{}, fmt.Errorf("%w: not in the form of a signed record", ErrInvalid)
	}
	digest := sha256.Sum256(signed.Record)
	if hex.EncodeToString(digest[:]) != signed.SHA256 {
		return Record{}, fmt.Errorf("%w: its bytes have another hash", ErrInvalid)
	}
	if err := verifier.Verify(ctx, signed.Record, signed.Signature); err != nil {
		return Record{}, err
	}
	var record Record
	if err := json.Unmarshal(signed.Record, &record); err != nil {
		return Record{}, fmt.Errorf("%w: the record is not of this form", ErrInvalid)
	}
	if record.Format != Format {
		return Record{}, fmt.Errorf("%w: format %d, expected %d", ErrInvalid, record.Format, Format)
	}
	return record, nil
}
