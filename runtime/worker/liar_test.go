//go:build unix

package worker_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/annexhost/annex/runtime/sandbox"
	"github.com/annexhost/annex/runtime/worker"
)

// liar is an engine in a worker that has been taken over: its "invocations"
// write the input to what leads to the host, and then wait, end, or return.
type liar struct{}

func (liar) Compile(context.Context, sandbox.Source) (sandbox.Program, error) { return liar{}, nil }
func (liar) Close() error                                                     { return nil }

func (liar) Run(ctx context.Context, inv sandbox.Invocation, _ sandbox.Caller) (sandbox.Output, error) {
	const control = 3
	for _, text := range inv.Input.Blobs {
		if said, onControl := bytes.CutPrefix(text, []byte("control:")); onControl {
			_, _ = unix.Write(control, said)
			continue
		}
		for _, fd := range lanes() {
			_, _ = unix.Write(fd, text) // what cannot be written to is the end that is read
		}
	}
	switch string(inv.Input.JSON) {
	case "exit":
		os.Exit(0)
	case "close":
		for _, fd := range lanes() {
			_ = unix.Close(fd)
		}
		time.Sleep(time.Minute)
	case "wait":
		<-ctx.Done()
		time.Sleep(time.Minute)
	}
	return sandbox.Output{}, nil
}

// lanes are the descriptors of the pipes that lead to the host.
func lanes() (fds []int) {
	for fd := 4; fd < 64; fd++ {
		var st unix.Stat_t
		if unix.Fstat(fd, &st) == nil && st.Mode&unix.S_IFMT == unix.S_IFIFO {
			fds = append(fds, fd)
		}
	}
	return fds
}

func newLiar(worker.Setup) (sandbox.Engine, error) { return liar{}, nil }

// frame makes a frame of any kind.
func frame(kind byte, fields ...byte) []byte {
	b := binary.LittleEndian.AppendUint32(nil, uint32(1+len(fields)))
	return append(append(b, kind), fields...)
}

// onControl has a frame said on the control socket.
func onControl(frame []byte) []byte { return append([]byte("control:"), frame...) }

// lie is what a worker says, and does then.
type lie struct {
	then string
	say  []byte
	why  string // what the operator is told of the worker's end
}

// lies are of a worker whose invocation is the first on its first lane, may make
// 10 calls, 4 at the same time, of 1000 bytes, and has no clock of its own. The
// method "wait" is answered when the invocation is over.
func lies() map[string]lie {
	const one = 2 // as a varint
	run := append([]byte{one, 1, 3, 'r', 'u', 'n'}, 0, 0)
	wait := append([]byte{one, 0, 4, 'w', 'a', 'i', 't'}, 0, 0)
	large := append([]byte{one, 1, 3, 'r', 'u', 'n', 0xe9, 0x07}, make([]byte, 1002)...) // 1001 bytes, no blobs
	result := append([]byte{one, 0, 0, 0, 0, 0xe9, 0x07}, make([]byte, 1002)...)
	return map[string]lie{
		"an unknown frame":             {"wait", frame(99), "frame 99 in an invocation"},
		"a frame of the host":          {"wait", frame(worker.KindAnswer), fmt.Sprintf("frame %d in an invocation", worker.KindAnswer)},
		"a frame of another time":      {"wait", frame(worker.KindLoaded, 0), fmt.Sprintf("frame %d in an invocation", worker.KindLoaded)},
		"an empty frame":               {"wait", []byte{0, 0, 0, 0, 0}, "malformed frame"},
		"a huge frame":                 {"wait", []byte{0xff, 0xff, 0xff, 0xff, worker.KindCall}, "frame of 4294967295 bytes"},
		"half a frame":                 {"exit", []byte{100, 0, 0, 0, worker.KindCall, 1}, ""},
		"half a frame, a closed lane":  {"close", []byte{100, 0, 0, 0, worker.KindCall, 1}, "a lane was closed by the worker"},
		"fields that are missing":      {"wait", frame(worker.KindDone, one), "malformed frame"},
		"fields that lie":              {"wait", frame(worker.KindCall, one, 1, 0xff, 0xff, 0xff, 0xff, 0x7f), "malformed frame"},
		"the end of another":           {"wait", frame(worker.KindDone, 8, 0, 0, 0, 0, 0, 0), "the end of invocation 4"},
		"too large a result":           {"wait", frame(worker.KindDone, result...), "a result of 1001 bytes"},
		"too many calls":               {"wait", bytes.Repeat(frame(worker.KindCall, run...), 11), "more than 10 calls"},
		"too many calls at once":       {"wait", bytes.Repeat(frame(worker.KindCall, wait...), 5), "more than 4 calls at the same time"},
		"too large arguments":          {"wait", frame(worker.KindCall, large...), "arguments of 1001 bytes"},
		"randomness nobody offered":    {"wait", frame(worker.KindChance, one, one), "was not offered"},
		"a time nobody offered":        {"wait", frame(worker.KindTime, one), "was not offered"},
		"leaving without end":          {"wait", bytes.Repeat(frame(worker.KindLeave, one), 2), "were left before"},
		"leaving another":              {"wait", frame(worker.KindLeave, 8), "invocation 4 were left before, or it is not running"},
		"no word":                      {"exit", nil, ""},
		"a strange frame of control":   {"wait", onControl(frame(99)), "unexpected frame on the control socket"},
		"a lane that it opens":         {"wait", onControl(frame(worker.KindOpened, one, one)), "lane 1 was not opened now"},
		"a lane that is not there":     {"wait", onControl(frame(worker.KindOpened, 98, one)), "lane 49 was not opened now"},
		"panics without end":           {"wait", onControl(bytes.Repeat(frame(worker.KindCrashed, 0, 0, 0), 101)), "more than 100 panics"},
		"a frame too large of control": {"wait", onControl([]byte{0xff, 0xff, 0xff, 0x7f, worker.KindOpened}), "frame of 2147483647 bytes"},
	}
}

// endings collects why workers ended.
type endings struct {
	mu  sync.Mutex
	all []string
}

func (e *endings) add(end worker.Ending) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.all = append(e.all, end.Detail)
}

func (e *endings) String() string {
	e.mu.Lock()
	defer e.mu.Unlock()
	return strings.Join(e.all, "; ")
}

// tell runs an invocation whose worker lies, and then one whose worker does not.
func tell(t *testing.T, l lie, inv sandbox.Invocation) {
	t.Helper()
	var ends endings
	e, err := worker.New(worker.Config{Engine: "liar", Jail: worker.JailOff, Ended: ends.add})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	p := compile(t, e, "")
	inv.Input = sandbox.Payload{JSON: []byte(l.then), Blobs: [][]byte{l.say}}
	inv.Limits = sandbox.Limits{Calls: 10, PendingCalls: 4, ArgumentBytes: 1000, OutputBytes: 1000}
	start := time.Now()
	_, err = p.Run(context.Background(), inv, func(ctx context.Context, method string, _ sandbox.Payload) (sandbox.Payload, error) {
		if method == "wait" {
			<-ctx.Done()
		}
		return sandbox.Payload{}, ctx.Err()
	})
	if !errors.Is(err, &sandbox.Error{Code: sandbox.Internal}) && !errors.Is(err, &sandbox.Error{Code: sandbox.Unavailable}) {
		t.Errorf("got %#v, want a fault", err)
	}
	if took := time.Since(start); took > 10*time.Second {
		t.Errorf("took %v", took)
	}
	if told := ends.String(); !strings.Contains(told, l.why) {
		t.Errorf("the operator is told %q, want %q", told, l.why)
	}
	if _, err := p.Run(context.Background(), sandbox.Invocation{}, nil); err != nil {
		t.Errorf("the next invocation: %v", err)
	}
}

// TestWorkersThatLie is that a worker which says what it must not is ended for
// it, its invocation is answered with a fault, at once, and the next one is performed.
func TestWorkersThatLie(t *testing.T) {
	for name, l := range lies() {
		t.Run(name, func(t *testing.T) { tell(t, l, sandbox.Invocation{}) })
	}
}

// TestFloodsOfReadings is that a worker which may ask for the time or for
// randomness asks when it has the last answer: a flood costs it nothing, and the
// host an answer each.
func TestFloodsOfReadings(t *testing.T) {
	const one = 2
	ask, draw := frame(worker.KindTime, one), frame(worker.KindChance, one, one)
	call := frame(worker.KindCall, one, 1, 1, 'x', 0, 0)
	given := sandbox.Invocation{Now: func() time.Time { return time.Unix(1e9, 0) }, Random: rand.Reader}
	for name, c := range map[string]struct {
		say []byte
		inv sandbox.Invocation
		why string
	}{
		"times":                           {slices.Concat(ask, ask), given, "before the answer"},
		"randomness":                      {slices.Concat(draw, draw), given, "before the answer"},
		"with a call between":             {slices.Concat(ask, call, draw), given, "before the answer"},
		"too much randomness":             {frame(worker.KindChance, one, 0x82, 0x40), given, "was not offered"}, // 4097 bytes
		"the machine's clock":             {ask, sandbox.Invocation{Now: time.Now}, "was not offered"},
		"randomness beside a given clock": {draw, sandbox.Invocation{Now: given.Now}, "was not offered"},
	} {
		t.Run(name, func(t *testing.T) { tell(t, lie{"wait", c.say, c.why}, c.inv) })
	}
}
