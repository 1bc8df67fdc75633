package runtime

import "github.com/annexhost/annex/runtime/sandbox"

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

	// Concurrent is how many invocations run at once (256); others wait for
	// QueueWait at most.
	Concurrent int

	RequestBody int64 // bytes of a request's body (1 MiB)
	Fetches     int   // outgoing requests of an invocation (50)
	FetchBody   int64 // bytes of a fetched body (10 MiB)
	LogLines    int   // log lines of an invocation (1,000)

	StorageKeys  int // keys of an (organization, extension) (1,000)
	StorageValue int // bytes of a value as JSON (102,400)
}

// withDefaults fills in the zero fields.
func (l Limits) withDefaults() Limits {
	l.Sandbox = l.Sandbox.WithDefaults()
	l.Rate = orDefault(l.Rate, 100)
	l.Concurrent = orDefault(l.Concurrent, 256)
	l.RequestBody = orDefault(l.RequestBody, 1<<20)
	l.Fetches = orDefault(l.Fetches, 50)
	l.FetchBody = orDefault(l.FetchBody, 10<<20)
	l.LogLines = orDefault(l.LogLines, 1000)
	l.StorageKeys = orDefault(l.StorageKeys, 1000)
	l.StorageValue = orDefault(l.StorageValue, 102_400)
	return l
}

func orDefault[T int | int64](value, def T) T {
	if value == 0 {
		return def
	}
	return value
}
