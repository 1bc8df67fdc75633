//go:build unix

package worker_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"os"
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

// TestWorkersThatLie is that a worker which says what it must not is ended, its
// invocation is answered with a fault, at once, and the next one is performed.
func TestWorkersThatLie(t *testing.T) {
	const opened, crashed, done, call, chance = 4, 7, 10, 11, 15
	oneCall := frame(call, 2, 1, 1, 'x', 0, 0) // inline, method x, nothing
	later := frame(call, 2, 0, 1, 'x', 0, 0)
	for name, c := range map[string]struct {
		then string // what the worker does afterwards
		say  []byte
	}{
		"an unknown frame":             {"wait", frame(99)},
		"a frame of the host":          {"wait", frame(9)},
		"an empty frame":               {"wait", []byte{0, 0, 0, 0, 0}},
		"a huge frame":                 {"wait", []byte{0xff, 0xff, 0xff, 0xff, call}},
		"half a frame":                 {"exit", []byte{100, 0, 0, 0, call, 1}},
		"half a frame, a closed lane":  {"close", []byte{100, 0, 0, 0, call, 1}},
		"fields that are missing":      {"wait", frame(done, 2)},
		"fields that lie":              {"wait", frame(call, 2, 1, 0xff, 0xff, 0xff, 0xff, 0x7f)},
		"the end of another":           {"wait", frame(done, 8, 0, 0, 0, 0, 0, 0)},
		"too many calls":               {"wait", bytes.Repeat(oneCall, 20)},
		"too many calls at once":       {"wait", bytes.Repeat(later, 9)},
		"randomness nobody offered":    {"wait", frame(chance, 2, 2)},
		"no word":                      {"exit", nil},
		"a strange frame of control":   {"wait", append([]byte("control:"), frame(99)...)},
		"a lane that it opens":         {"wait", append([]byte("control:"), frame(opened, 2, 2)...)},
		"a lane that is not there":     {"wait", append([]byte("control:"), frame(opened, 99, 2)...)},
		"panics without end":           {"wait", append([]byte("control:"), bytes.Repeat(frame(crashed, 0, 0, 0), 101)...)},
		"a frame too large of control": {"wait", append([]byte("control:"), 0xff, 0xff, 0xff, 0x7f, 4)},
	} {
		t.Run(name, func(t *testing.T) {
			e, err := worker.New(worker.Config{Engine: "liar", Jail: worker.JailOff})
			if err != nil {
				t.Fatal(err)
			}
			defer e.Close()
			p := compile(t, e, "")
			start := time.Now()
			_, err = p.Run(context.Background(), sandbox.Invocation{
				Input:  sandbox.Payload{JSON: []byte(c.then), Blobs: [][]byte{c.say}},
				Limits: sandbox.Limits{Calls: 10, PendingCalls: 4},
			}, func(ctx context.Context, _ string, _ sandbox.Payload) (sandbox.Payload, error) {
				return sandbox.Payload{}, ctx.Err()
			})
			if !errors.Is(err, &sandbox.Error{Code: sandbox.Internal}) && !errors.Is(err, &sandbox.Error{Code: sandbox.Unavailable}) {
				t.Errorf("got %#v, want a fault", err)
			}
			if took := time.Since(start); took > 10*time.Second {
				t.Errorf("took %v", took)
			}
			if _, err := p.Run(context.Background(), sandbox.Invocation{}, nil); err != nil {
				t.Errorf("the next invocation: %v", err)
			}
		})
	}
}
