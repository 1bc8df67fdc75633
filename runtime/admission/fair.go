package admission

import (
	"container/list"
	"slices"
)

// factor is how many times what is free one may hold: a half of everything at
// 1, three quarters at 3.
const factor = 3

// maxIdle is how many extensions are remembered that hold nothing and do not
// wait. Remembering costs about 200 bytes and saves making them again.
const maxIdle = 4096

// mayRun reports whether one more slot may go to e. The lock is held.
func (s *Slots) mayRun(e *extension) bool {
	return e.held < s.config.PerExtension && within(s.config.Capacity, s.held, e.org.held, e.held, e)
}

// mayWait reports whether one more place in the queue may go to e. The lock is held.
func (s *Slots) mayWait(e *extension) bool {
	return within(s.config.Queue, s.waiting, e.org.waiting, e.waiting, e)
}

// within reports whether one more of capacity may go to e, when used of it are,
// ofOrg of them to its organization and ofExtension of those to itself.
func within(capacity, used, ofOrg, ofExtension int, e *extension) bool {
	free := capacity - used
	if free <= 0 {
		return false
	}
	left := factor*e.org.weight*free - ofOrg
	if ofOrg == 0 || left <= 0 {
		return ofOrg == 0
	}
	// With the next one, what is left falls by factor+1: some must be left then.
	return ofExtension == 0 || ofExtension < factor*e.weight*(left-factor)
}

// next returns who of those who wait is served next, nil when none of them may
// have more. The lock is held.
func (s *Slots) next() *extension {
	var best *extension
	for _, org := range s.hungry {
		if best != nil && !org.before(&best.org.share) {
			continue
		}
		if e := s.nextOf(org); e != nil {
			best = e
		}
	}
	return best
}

func (s *Slots) nextOf(org *organization) *extension {
	var best *extension
	for _, e := range org.hungry {
		if (best == nil || e.before(&best.share)) && s.mayRun(e) {
			best = e
		}
	}
	return best
}

// before reports whether a is served before b: it holds less for its weight, or
// as much and was served less.
func (a *share) before(b *share) bool {
	if x, y := a.held*b.weight, b.held*a.weight; x != y {
		return x < y
	}
	return a.turn < b.turn
}

// grant counts a slot as held by e. The lock is held.
func (s *Slots) grant(e *extension) {
	s.held++
	e.take(&e.org.virtual)
	e.org.take(&s.virtual)
}

// take counts one more. Who was away has saved nothing up: their turn is no
// earlier than that of who was served last.
func (a *share) take(virtual *float64) {
	a.held++
	*virtual = max(a.turn, *virtual)
	a.turn = *virtual + 1/float64(a.weight)
}

// enqueue puts w behind the others of e. The lock is held.
func (s *Slots) enqueue(e *extension, w *waiter) *list.Element {
	if e.waiting == 0 {
		e.turn = max(e.turn, e.org.virtual)
		e.org.hungry = append(e.org.hungry, e)
	}
	if e.org.waiting == 0 {
		e.org.turn = max(e.org.turn, s.virtual)
		s.hungry = append(s.hungry, e.org)
	}
	s.waiting++
	e.waiting++
	e.org.waiting++
	return e.queue.PushBack(w)
}

// dequeue takes a waiter of e out. The lock is held.
func (s *Slots) dequeue(e *extension, place *list.Element) {
	e.queue.Remove(place)
	s.waiting--
	e.waiting--
	e.org.waiting--
	if e.waiting == 0 {
		e.org.hungry = without(e.org.hungry, e)
	}
	if e.org.waiting == 0 {
		s.hungry = without(s.hungry, e.org)
	}
}

// without takes one out of a list whose order does not matter.
func without[T comparable](list []T, one T) []T {
	i := slices.Index(list, one)
	last := len(list) - 1
	list[i] = list[last]
	clear(list[last:])
	return list[:last]
}

// enroll makes the entry of an extension that is not known. The lock is held.
func (s *Slots) enroll(o Owner) *extension {
	if len(s.owners) >= maxIdle {
		s.forgetIdle()
	}
	org := s.orgs[o.Org]
	if org == nil {
		org = &organization{share: share{weight: s.weight(o.Org)}, name: o.Org}
		s.orgs[o.Org] = org
	}
	e := &extension{share: share{weight: s.weight(o.Org + "/" + o.Extension)}, owner: o, org: org}
	s.owners[o] = e
	return e
}

func (s *Slots) weight(name string) int { return max(1, s.config.Weights[name]) }

// forgetIdle forgets who holds nothing and does not wait. The lock is held.
func (s *Slots) forgetIdle() {
	for o, e := range s.owners {
		if e.held == 0 && e.waiting == 0 {
			delete(s.owners, o)
		}
	}
	for name, org := range s.orgs {
		if org.held == 0 && org.waiting == 0 {
			delete(s.orgs, name)
		}
	}
}
