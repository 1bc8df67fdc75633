package secrets

import (
	"bytes"
	"fmt"
	"io"
	"log/slog"
)

// redacted is what every way of printing a Value says.
const redacted = "REDACTED"

// Value is a secret in clear. Every way of formatting, logging or marshalling
// it says REDACTED; [Value.Reveal] is the one way out. It cannot be compared
// with ==. The zero Value is empty.
//
// The bytes are held in a closure, because package fmt prints an unexported
// field of another struct by reflection and calls no method of it.
type Value struct {
	reveal  func() []byte
	version uint64
}

// NewValue returns a Value that holds a copy of secret.
func NewValue[S ~string | ~[]byte](secret S) Value {
	return ownedValue([]byte(string(secret)), 0)
}

// ownedValue returns a Value that holds secret itself.
func ownedValue(secret []byte, version uint64) Value {
	return Value{reveal: func() []byte { return secret }, version: version}
}

// Reveal returns a copy of the secret.
func (v Value) Reveal() []byte { return bytes.Clone(v.bytes()) }

// Len returns the size of the secret in bytes.
func (v Value) Len() int { return len(v.bytes()) }

// Version returns the stored version that a Keeper read, as in [Info], and 0
// for a value that did not come from one. It is what an audit record may hold.
func (v Value) Version() uint64 { return v.version }

func (v Value) bytes() []byte {
	if v.reveal == nil {
		return nil
	}
	return v.reveal()
}

// String returns "REDACTED".
func (Value) String() string { return redacted }

// GoString returns "REDACTED".
func (Value) GoString() string { return redacted }

// Format writes REDACTED for every verb and flag.
func (Value) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, redacted) }

// LogValue returns "REDACTED".
func (Value) LogValue() slog.Value { return slog.StringValue(redacted) }

// MarshalJSON returns the JSON string "REDACTED".
func (Value) MarshalJSON() ([]byte, error) { return []byte(`"` + redacted + `"`), nil }

// MarshalText returns REDACTED.
func (Value) MarshalText() ([]byte, error) { return []byte(redacted), nil }
