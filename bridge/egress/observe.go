package egress

import (
	"context"
	"time"
)

// Observer is told of every exchange with a host, one for each hop of a
// redirect, and of every one that was refused. It must be safe for concurrent
// use, and the exchange waits for it.
type Observer interface {
	// Observe records e. The context is that of the caller of Fetch.
	Observe(ctx context.Context, e Exchange)
}

// Exchange is one request and its answer, or the refusal of it.
type Exchange struct {
	Owner string

	Invocation string // of the Request

	Hop    int    // 0 for the request itself, 1 for its first redirect
	Host   string // ASCII; empty when the URL has none that could be used
	Method string // as given when it was refused
	URL    string // redacted: without user information, query and fragment

	Status   int   // 0 when there was no answer
	Sent     int   // bytes of the body
	Received int64 // bytes of the body as they came, before decoding
	Duration time.Duration

	Outcome Kind   // empty when it succeeded
	Detail  string // why, for the operator alone: it can name addresses
}
