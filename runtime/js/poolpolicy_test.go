package js

import (
	"testing"
	"time"

	"github.com/annexhost/annex/runtime/sandbox"
)

const testWarm = 2

// fillPool makes realms as the warmer would.
func fillPool(p *pool) {
	for {
		if _, ok := p.wants(time.Time{}); !ok {
			return
		}
		p.put(&realm{})
	}
}

// poolRules is what a pool owes the invocations.
var poolRules = []struct {
	rule string
	f    func(p *pool) bool
}{
	{"the first invocation finds nothing, and has realms made", func(p *pool) bool {
		r, refill := p.take(sandbox.Limits{}, testWarm, true)
		return r == nil && refill
	}},
	{"nobody asks twice", func(p *pool) bool {
		p.take(sandbox.Limits{}, testWarm, true)
		_, refill := p.take(sandbox.Limits{}, testWarm, true)
		return !refill
	}},
	{"without a spare core nothing is made", func(p *pool) bool {
		_, refill := p.take(sandbox.Limits{}, testWarm, false)
		return !refill
	}},
	{"as many are made as are wanted", func(p *pool) bool {
		p.take(sandbox.Limits{}, testWarm, true)
		fillPool(p)
		return len(p.ready) == testWarm
	}},
	{"each is given once", func(p *pool) bool {
		p.take(sandbox.Limits{}, testWarm, true)
		fillPool(p)
		a, _ := p.take(sandbox.Limits{}, testWarm, true)
		b, _ := p.take(sandbox.Limits{}, testWarm, true)
		none, _ := p.take(sandbox.Limits{}, testWarm, true)
		return a != nil && b != nil && a != b && none == nil
	}},
	{"who finds none has more kept, up to a limit", func(p *pool) bool {
		for range 10 {
			p.take(sandbox.Limits{}, testWarm, true)
			fillPool(p)
			for len(p.ready) > 0 {
				p.take(sandbox.Limits{}, testWarm, true)
			}
		}
		return p.target == testWarm*maxWarmFactor
	}},
	{"where realms are made too slowly, none are made for a while", func(p *pool) bool {
		p.filled = true
		refill := true
		for range hitWindow + 1 {
			_, refill = p.take(sandbox.Limits{}, testWarm, true)
			p.giveUp()
		}
		p.rests = p.rests.Add(-restTime)
		_, again := p.take(sandbox.Limits{}, testWarm, true)
		return !refill && again
	}},
	{"a module that cannot be loaded ahead is not tried again", func(p *pool) bool {
		p.take(sandbox.Limits{}, testWarm, true)
		p.put(nil)
		_, wants := p.wants(time.Time{})
		_, refill := p.take(sandbox.Limits{}, testWarm, true)
		return !wants && !refill
	}},
	{"a program that is not used any more gets none", func(p *pool) bool {
		p.take(sandbox.Limits{}, testWarm, true)
		_, wants := p.wants(time.Now().Add(time.Minute))
		return !wants
	}},
	{"a closed pool keeps none", func(p *pool) bool {
		p.take(sandbox.Limits{}, testWarm, true)
		p.close()
		p.put(&realm{})
		r, refill := p.take(sandbox.Limits{}, testWarm, true)
		return r == nil && !refill
	}},
	{"turned off", func(p *pool) bool {
		r, refill := p.take(sandbox.Limits{}, -1, true)
		return r == nil && !refill
	}},
}

func TestPoolPolicy(t *testing.T) {
	for _, c := range poolRules {
		if !c.f(&pool{}) {
			t.Errorf("not so: %s", c.rule)
		}
	}
}
