package sandbox

import "time"

// Unlimited in a field of [Limits] lifts that limit.
const Unlimited = -1

// Limits bound one invocation. A zero field means the default, given in
// parentheses; [Unlimited] lifts the limit.
type Limits struct {
	Wall          time.Duration // from start to end (30 s)
	CPU           time.Duration // running guest code, waiting not counted (10 s)
	Memory        int64         // bytes that the guest may hold (128 MiB)
	CallDepth     int           // nested guest functions (400)
	OutputBytes   int64         // the result, with its blobs (6 MiB)
	ArgumentBytes int64         // the arguments of one call out of the sandbox (8 MiB)
	Calls         int           // calls out of the sandbox, log lines counted too (10,000)
	PendingCalls  int           // calls out of the sandbox that wait at the same time (64)
	Timers        int           // timers that wait at the same time (1,000)
}

// DefaultLimits are the limits of the contract (blueplm.md, Part A 16).
var DefaultLimits = Limits{
	Wall:          30 * time.Second,
	CPU:           10 * time.Second,
	Memory:        128 << 20,
	CallDepth:     400,
	OutputBytes:   6 << 20,
	ArgumentBytes: 8 << 20,
	Calls:         10_000,
	PendingCalls:  64,
	Timers:        1_000,
}

// WithDefaults returns l with its zero fields filled in.
func (l Limits) WithDefaults() Limits {
	d := DefaultLimits
	fill(&l.Wall, d.Wall)
	fill(&l.CPU, d.CPU)
	fill(&l.Memory, d.Memory)
	fill(&l.CallDepth, d.CallDepth)
	fill(&l.OutputBytes, d.OutputBytes)
	fill(&l.ArgumentBytes, d.ArgumentBytes)
	fill(&l.Calls, d.Calls)
	fill(&l.PendingCalls, d.PendingCalls)
	fill(&l.Timers, d.Timers)
	return l
}

func fill[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}
