package admin

import (
	"sync"

	"github.com/annexhost/annex/runtime/identity"
	"github.com/annexhost/annex/runtime/sandbox"
)

// maxAtOnce is how many requests the admins of one organization may have at the
// same time, and how many its members: those that they follow count too. Verifying,
// exporting and reading logs cost the host much more than its caller.
const maxAtOnce = 32

// atOnce counts the requests that run.
type atOnce struct {
	mu sync.Mutex
	of map[party]int
}

// party are the callers of an organization who have the same role.
type party struct {
	org  string
	role identity.Role
}

// enter counts a request until leave, or refuses it. Who looks after the host is
// bounded by connections alone.
func (a *atOnce) enter(c Caller) (leave func(), err error) {
	if c.Role == identity.Operator {
		return func() {}, nil
	}
	p := party{c.Org, c.Role}
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.of[p] >= maxAtOnce {
		return nil, &sandbox.Error{
			Code: sandbox.Exhausted, Reason: sandbox.ReasonRate, RetryAfter: 1,
			Message: "Your organization has too many requests here at the moment",
		}
	}
	if a.of == nil {
		a.of = map[party]int{}
	}
	a.of[p]++
	return func() {
		a.mu.Lock()
		defer a.mu.Unlock()
		if a.of[p]--; a.of[p] == 0 {
			delete(a.of, p)
		}
	}, nil
}
