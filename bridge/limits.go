package bridge

import (
	"time"

	"github.com/annexhost/annex/runtime/sandbox"
)

// Limits bound what one invocation may do through the bridge. A zero field means
// the default, given in parentheses; sandbox.Unlimited lifts the limit.
type Limits struct {
	Calls         int           // calls of any method (10,000)
	ArgumentBytes int64         // the arguments of one call (8 MiB)
	LogLines      int           // lines kept; further ones are counted and dropped (1,000)
	LogLineBytes  int           // the message of a line, and its fields; the rest is cut off (8 KiB each)
	Fetches       int           // outgoing requests, redirects counted too (50)
	FetchTime     time.Duration // one fetch, with its redirects and body (30 s)
	FetchBody     int64         // the body of an answer, decoded (10 MiB)
	Redirects     int           // that one fetch follows (10)
	Events        int           // events emitted (100)
	EventBytes    int           // the payload of an event as JSON (64 KiB)
}

// DefaultLimits are the limits of the contract, and this package's own where the
// contract has none.
var DefaultLimits = Limits{
	Calls:         10_000,
	ArgumentBytes: 8 << 20,
	LogLines:      1000,
	LogLineBytes:  8 << 10,
	Fetches:       50,
	FetchTime:     30 * time.Second,
	FetchBody:     10 << 20,
	Redirects:     10,
	Events:        100,
	EventBytes:    64 << 10,
}

// WithDefaults returns l with its zero fields filled in.
func (l Limits) WithDefaults() Limits {
	d := DefaultLimits
	fill(&l.Calls, d.Calls)
	fill(&l.ArgumentBytes, d.ArgumentBytes)
	fill(&l.LogLines, d.LogLines)
	fill(&l.LogLineBytes, d.LogLineBytes)
	fill(&l.Fetches, d.Fetches)
	fill(&l.FetchTime, d.FetchTime)
	fill(&l.FetchBody, d.FetchBody)
	fill(&l.Redirects, d.Redirects)
	fill(&l.Events, d.Events)
	fill(&l.EventBytes, d.EventBytes)
	return l
}

func fill[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}

// over reports whether n is more than the limit.
func over[T int | int64](n, limit T) bool { return limit != sandbox.Unlimited && n > limit }
