package worker

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"sync"
	"time"

	"github.com/annexhost/annex/runtime/sandbox"
)

// guest is an invocation inside a worker.
type guest struct {
	lane *childLane
	run  run
	ctx  context.Context
	end  context.CancelCauseFunc
	left sync.Once
}

func newGuest(l *childLane, m run) *guest {
	g := &guest{lane: l, run: m}
	g.ctx, g.end = context.WithCancelCause(context.Background())
	return g
}

// invocation is what the engine is given.
func (g *guest) invocation() sandbox.Invocation {
	inv := sandbox.Invocation{ID: g.run.id, Input: g.run.input, Limits: g.run.limits, Hurry: g.run.hurry}
	switch {
	case g.run.clock == clockServed:
		inv.Now = g.now
	case g.run.shift != 0:
		inv.Now = func() time.Time { return time.Now().Add(g.run.shift) }
	}
	if g.run.chance {
		inv.Random = served{g}
	}
	return inv
}

// call is the [sandbox.Caller] of a guest. What the engine calls on the lane's
// own thread it waits for, whatever else could run.
func (g *guest) call(ctx context.Context, method string, args sandbox.Payload) (sandbox.Payload, error) {
	defer context.AfterFunc(ctx, g.leave)()
	inline := g.lane.thread != 0 && g.lane.thread == threadID()
	m := call{inline: inline, method: method, args: args}
	return g.lane.ask(ctx, g, kindCall, func(b []byte, id int64) []byte {
		m.id = id
		return m.append(b)
	})
}

// leave tells the host that the answers of pending calls are of no use.
func (g *guest) leave() {
	if g.lane.pending() {
		g.left.Do(func() {
			g.lane.sendFor(g, kindLeave, func(b []byte) []byte { return appendInt(b, g.run.number) })
		})
	}
}

// now asks what the invocation's clock says.
func (g *guest) now() time.Time {
	p, err := g.lane.ask(context.Background(), g, kindTime, appendInt)
	if err != nil || len(p.JSON) != 16 {
		return time.Time{}
	}
	return time.Unix(int64(binary.LittleEndian.Uint64(p.JSON)), int64(binary.LittleEndian.Uint64(p.JSON[8:])))
}

// served is the randomness of a guest whose invocation brings its own.
type served struct{ guest *guest }

var errNoChance = errors.New("worker: the host gives no randomness")

// Read asks for as many bytes as it is asked for, up to maxChance.
func (s served) Read(b []byte) (int, error) {
	if len(b) == 0 {
		return 0, nil
	}
	n := min(len(b), maxChance)
	p, err := s.guest.lane.ask(context.Background(), s.guest, kindChance, func(b []byte, id int64) []byte {
		return appendInt(appendInt(b, id), int64(n))
	})
	if err != nil || len(p.JSON) != n {
		return 0, errNoChance
	}
	return copy(b, p.JSON), nil
}

var _ io.Reader = served{}
