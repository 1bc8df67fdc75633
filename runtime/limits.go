package runtime

import (
	"time"

	"github.com/annexhost/annex/runtime/admission"
	"github.com/annexhost/annex/runtime/sandbox"
)

// Unlimited in a field of [Limits] lifts that limit.
const Unlimited = sandbox.Unlimited

// Limits are the operator's. A zero field means the default of the contract,
// given in parentheses.
type Limits struct {
	// Sandbox bounds one invocation: time, memory, output, calls.
	Sandbox sandbox.Limits

	// Rate is how many calls a minute an (organization, extension) may get
	// (100). A rateLimit of a route's manifest stands in its place for the route.
	Rate int

	// PublicRate is the same for anonymous callers of public routes, who are
	// counted apart (100).
	PublicRate int

	// Concurrent is how many invocations run at once (256), and ConcurrentEach
	// how many of them may be one extension's in one organization (32; less than
	// 0: no limit of its own). Organizations share them, and then the extensions
	// of each: see admission.Slots. Weights are the shares of organizations
	// ("acme") and of their extensions ("acme/annex.notes"), in relation to the
	// others' (1).
	Concurrent     int
	ConcurrentEach int
	Weights        map[string]int

	// Queue is how many others may wait for their turn (1,024; less than 0:
	// none), and QueueWait for how long (2 s).
	Queue     int
	QueueWait time.Duration

	RequestBody int64 // bytes of a request's body (1 MiB)

	Fetches   int           // outgoing requests of an invocation, redirects counted too (50)
	FetchTime time.Duration // of one fetch, with its redirects and body (30 s)
	FetchBody int64         // bytes of a fetched body, decoded (10 MiB)
	Redirects int           // that one fetch follows (10)

	LogLines     int // log lines of an invocation (1,000)
	LogLineBytes int // bytes of a line's message, and of its fields (8 KiB each)
	Events       int // events that an invocation emits (100)
	EventBytes   int // bytes of an event's payload as JSON (64 KiB)

	StorageKeys  int // keys of an (organization, extension) (1,000)
	StorageValue int // bytes of a value as JSON (102,400)
}

// withDefaults fills in the zero fields.
func (l Limits) withDefaults() Limits {
	l.Sandbox = l.Sandbox.WithDefaults()
	l.Rate = orDefault(l.Rate, 100)
	l.PublicRate = orDefault(l.PublicRate, 100)
	l.Concurrent = orDefault(l.Concurrent, 256)
	l.ConcurrentEach = orDefault(l.ConcurrentEach, 32)
	l.Queue = orDefault(l.Queue, 1024)
	l.QueueWait = orDefault(l.QueueWait, 2*time.Second)
	l.RequestBody = orDefault(l.RequestBody, 1<<20)
	l.Fetches = orDefault(l.Fetches, 50)
	l.FetchBody = orDefault(l.FetchBody, 10<<20)
	l.LogLines = orDefault(l.LogLines, 1000)
	l.StorageKeys = orDefault(l.StorageKeys, 1000)
	l.StorageValue = orDefault(l.StorageValue, 102_400)
	return l
}

// slots are the limits that admission keeps.
func (l Limits) slots() admission.SlotsConfig {
	return admission.SlotsConfig{
		Capacity: l.Concurrent, PerExtension: l.ConcurrentEach, Queue: l.Queue, Wait: l.QueueWait, Weights: l.Weights,
	}
}

func orDefault[T int | int64 | time.Duration](value, def T) T {
	if value == 0 {
		return def
	}
	return value
}
