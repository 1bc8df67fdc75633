package admission

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/annexhost/annex/runtime/sandbox"
)

// DefaultRate is the limit of a key in calls a minute, where neither the
// operator nor the route says otherwise.
const DefaultRate = 100

// Off as a limit lifts it: every call is allowed and nothing is counted.
const Off = -1

// maxRate bounds a limit, so that it cannot overflow a counter.
const maxRate = 1_000_000_000

// Decision is the answer of a [Limiter] to one call.
type Decision struct {
	Allowed bool

	// Limit is the number of calls a minute, 0 when there is no limit; the
	// fields below mean nothing then.
	Limit int

	// Remaining is the number of calls that would still be allowed now.
	Remaining int

	// Reset is when all of Limit is available again if no further call is made.
	Reset time.Time

	// RetryAfter is the number of whole seconds to wait until a call of this
	// key can be allowed, at least 1 when this one was refused, else 0.
	RetryAfter int
}

// Err returns nil for an allowed call, and for a refused one the error that its
// caller is to see.
func (d Decision) Err() error {
	if d.Allowed {
		return nil
	}
	return &sandbox.Error{
		Code:       sandbox.Exhausted,
		Reason:     sandbox.ReasonRate,
		Message:    "Rate limit exceeded. Retry after " + strconv.Itoa(d.RetryAfter) + " seconds.",
		RetryAfter: d.RetryAfter,
	}
}

// ParseRate reads an operator's limit: "100/m" is 100 calls a minute, "off" is
// [Off]. The number is between 1 and 1,000,000,000.
func ParseRate(s string) (int, error) {
	if s == "off" {
		return Off, nil
	}
	number, ok := strings.CutSuffix(s, "/m")
	n, err := strconv.Atoi(number)
	if !ok || err != nil || n < 1 || n > maxRate || number[0] == '+' {
		return 0, fmt.Errorf(`admission: rate %q is not a number of calls a minute such as "100/m", or "off"`, s)
	}
	return n, nil
}
