// Package gate lets calls through until it is closed, and then waits for those
// that are inside.
package gate

import (
	"math"
	"sync"
	"sync/atomic"
)

// Gate counts the calls that are inside of something that can be closed. Its
// zero value is open. It must not be copied after first use.
type Gate struct {
	inside atomic.Int64 // calls inside; closedBias is added when the gate closes
	once   sync.Once
	mu     sync.Mutex
	empty  *sync.Cond // signalled when the last call has left a closed gate
}

const closedBias = math.MinInt64 / 2

// Enter reports whether the gate is open, and if so counts the caller in: it
// must call Leave.
func (g *Gate) Enter() bool {
	if g.inside.Add(1) > 0 {
		return true
	}
	g.Leave()
	return false
}

// Leave counts a caller out.
func (g *Gate) Leave() {
	if g.inside.Add(-1) == closedBias {
		g.mu.Lock()
		defer g.mu.Unlock()
		if g.empty != nil {
			g.empty.Broadcast()
		}
	}
}

// Close closes the gate and returns when nobody is inside. The first call
// reports true.
func (g *Gate) Close() (first bool) {
	g.once.Do(func() {
		first = true
		g.inside.Add(closedBias)
	})
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.empty == nil {
		g.empty = sync.NewCond(&g.mu)
	}
	for g.inside.Load() != closedBias {
		g.empty.Wait()
	}
	return first
}
