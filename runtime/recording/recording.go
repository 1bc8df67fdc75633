// Package recording keeps what one invocation of a handler was given: its
// input, what every call out of the sandbox answered, the clock and the seed of
// its randomness. From that it can be run again, on the same code or on changed
// code, and what differs is told.
//
// A [Recorder] stands between an engine and the bridge while an invocation
// runs. A [Player] stands in the bridge's place afterwards: nothing that it
// answers touches any state. An [Archive] keeps recordings in a store, the last
// ones of each installation.
package recording

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/annexhost/annex/runtime/sandbox"
)

// MaxBytes bounds a recording. What an invocation is given beyond it is left
// out, and the recording says that it is not complete.
const MaxBytes = 768 << 10

// Recording is one invocation.
type Recording struct {
	ID        string `json:"id"` // of the invocation
	Org       string `json:"org"`
	Extension string `json:"extension"`
	Version   string `json:"version"`
	Digest    string `json:"digest"`  // of the package, hex
	Route     string `json:"route"`   // "GET notes/:id"
	Handler   string `json:"handler"` // path, as the manifest names it

	At   time.Time     `json:"at"`
	Wall time.Duration `json:"wallNs"`

	Input  Payload        `json:"input"`
	Limits sandbox.Limits `json:"limits"`

	// Seed makes the randomness that the guest saw, Clock are the readings of the
	// clock in order, in nanoseconds since 1970. Module-level code is served by the same.
	Seed  []byte  `json:"seed"`
	Clock []int64 `json:"clock"`

	// Calls are the calls out of the sandbox in the order in which they began.
	Calls []Call `json:"calls"`

	Result  Payload  `json:"result"`
	Failure *Failure `json:"failure,omitempty"`

	// Incomplete says why the invocation cannot be run again. Empty when it can.
	Incomplete string `json:"incomplete,omitempty"`
}

// Call is one call out of the sandbox.
type Call struct {
	Method  string   `json:"method"`
	Args    Payload  `json:"args"`
	Result  Payload  `json:"result"`
	Failure *Failure `json:"failure,omitempty"`

	// Ended is the place among all calls in the order in which they ended, from
	// 1; 0 when it did not end before the invocation did.
	Ended int `json:"ended"`

	// Begun is how many calls had begun when it ended, this one counted.
	Begun int `json:"begun,omitempty"`
}

// Payload is a sandbox.Payload as JSON.
type Payload struct {
	JSON  json.RawMessage `json:"json,omitempty"`
	Blobs [][]byte        `json:"blobs,omitempty"`
}

func payloadOf(p sandbox.Payload) Payload { return Payload{JSON: p.JSON, Blobs: p.Blobs} }

// Sandbox returns the payload as it crosses the wall.
func (p Payload) Sandbox() sandbox.Payload { return sandbox.Payload{JSON: p.JSON, Blobs: p.Blobs} }

// Failure is a sandbox.Error as JSON.
type Failure struct {
	Code       sandbox.Code   `json:"code"`
	Reason     sandbox.Reason `json:"reason,omitempty"`
	Message    string         `json:"message"`
	Name       string         `json:"name,omitempty"`
	Permission string         `json:"permission,omitempty"`
	Stack      string         `json:"stack,omitempty"`
	RetryAfter int            `json:"retryAfter,omitempty"`
}

func failureOf(err error) *Failure {
	e := sandbox.AsError(err)
	if e == nil {
		return nil
	}
	f := Failure(*e)
	return &f
}

// Error returns the failure as it crosses the wall, nil for none.
func (f *Failure) Error() error {
	if f == nil {
		return nil
	}
	e := sandbox.Error(*f)
	return &e
}

// String is what a person reads of a failure.
func (f *Failure) String() string {
	if f == nil {
		return "no error"
	}
	name := f.Name
	if name == "" {
		name = "Error"
	}
	return fmt.Sprintf("%s (%s): %s", name, f.Code, f.Message)
}

// Outcome returns how an invocation ended, as JSON.
func Outcome(result sandbox.Payload, err error) (Payload, *Failure) {
	return payloadOf(result), failureOf(err)
}

// Outcome says in a word how the invocation ended.
func (r *Recording) Outcome() string {
	if r.Failure == nil {
		return "ok"
	}
	return string(r.Failure.Code)
}
