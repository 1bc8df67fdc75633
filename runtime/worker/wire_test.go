//go:build unix

package worker

import (
	"bytes"
	"context"
	"errors"
	"io"
	"reflect"
	"testing"
	"testing/iotest"
	"time"

	"github.com/annexhost/annex/runtime/sandbox"
	"github.com/annexhost/annex/runtime/worker/jail"
)

var testError = &sandbox.Error{
	Code: sandbox.Thrown, Reason: "r", Message: "mü", Name: "TypeError", Permission: "storage:database", Stack: "at x", RetryAfter: 7,
}

var testPayload = sandbox.Payload{JSON: []byte(`{"$blob":0}`), Blobs: [][]byte{{0, 255}, {}}}

// TestMessages is that a message is read as it was written.
func TestMessages(t *testing.T) {
	limits := sandbox.Limits{Wall: 1, CPU: 2, Memory: 3, CallDepth: 4, OutputBytes: 5, ArgumentBytes: 6, Calls: 7, PendingCalls: 8, Timers: -1}
	usage := sandbox.Usage{CPU: 3, Fuel: 4, Memory: 5}
	for _, c := range []struct {
		name   string
		append func([]byte) []byte
		read   func(*fields) any
		want   any
	}{
		{"hello", hello{"js", 1, 6, 2, 3, 4, true, "why", 5, true}.append, func(f *fields) any { return f.hello() }, hello{"js", 1, 6, 2, 3, 4, true, "why", 5, true}},
		{"ready", ready{"no", jail.Report{{Name: jail.Root, Refused: "x"}}}.append, func(f *fields) any { return f.ready() }, ready{"no", jail.Report{{Name: jail.Root, Refused: "x"}}}},
		{"run", (&run{1, 2, "id", limits, clockServed, -3, true, true, testPayload}).append, func(f *fields) any { return f.run() }, run{1, 2, "id", limits, clockServed, -3, true, true, testPayload}},
		{"done", (&done{1, testError, usage, testPayload}).append, func(f *fields) any { return f.doneMessage() }, done{1, testError, usage, testPayload}},
		{"nothing done", (&done{}).append, func(f *fields) any { return f.doneMessage() }, done{}},
		{"call", (&call{1, true, "a.b", testPayload}).append, func(f *fields) any { return f.call() }, call{1, true, "a.b", testPayload}},
		{"answer", (&answer{1, deadlinePassed, nil, testPayload}).append, func(f *fields) any { return f.answer() }, answer{1, deadlinePassed, nil, testPayload}},
		{"cancel", cancel{1, 2, callerLeft}.append, func(f *fields) any { return f.cancel() }, cancel{1, 2, callerLeft}},
		{"source", func(b []byte) []byte {
			return appendSource(b, sandbox.Source{Name: "n", Code: []byte("c"), Export: "e"})
		}, func(f *fields) any { return f.source() }, sandbox.Source{Name: "n", Code: []byte("c"), Export: "e"}},
	} {
		text := c.append(nil)
		f := fields{rest: text}
		if got := c.read(&f); f.done() != nil || !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: got %+v, %v, want %+v", c.name, got, f.done(), c.want)
		}
		for n := range text {
			f := fields{rest: text[:n]}
			if c.read(&f); f.done() == nil {
				t.Errorf("%s: the first %d of %d bytes are taken for all", c.name, n, len(text))
			}
		}
		f = fields{rest: append(text, 0)}
		if c.read(&f); f.done() == nil {
			t.Errorf("%s: a byte too many is not seen", c.name)
		}
	}
}

// TestReader is that frames are found however the bytes arrive, and that bytes
// which are no frames are an error.
func TestReader(t *testing.T) {
	var stream []byte
	sizes := []int{0, 1, 100, 5000, 100_000, 3}
	for _, n := range sizes {
		frame, err := endFrame(append(beginFrame(nil, kindCall), bytes.Repeat([]byte{7}, n)...))
		if err != nil {
			t.Fatal(err)
		}
		stream = append(stream, frame...)
	}
	for name, r := range map[string]io.Reader{
		"at once":   bytes.NewReader(stream),
		"bytewise":  iotest.OneByteReader(bytes.NewReader(stream)),
		"in halves": iotest.HalfReader(bytes.NewReader(stream)),
	} {
		in := reader{r: r}
		for _, n := range sizes {
			k, f, err := in.next(200_000)
			if err != nil || k != kindCall || len(f.rest) != n {
				t.Fatalf("%s: got kind %d, %d bytes, %v, want %d bytes", name, k, len(f.rest), err, n)
			}
		}
		if _, _, err := in.next(10); err != io.EOF {
			t.Errorf("%s: got %v at the end, want EOF", name, err)
		}
	}
	var tooLarge *sizeError
	for name, c := range map[string]struct {
		text string
		ok   func(error) bool
	}{
		"empty frame":    {"\x00\x00\x00\x00\x00", func(err error) bool { return err == errMalformed }},
		"too large":      {"\xff\xff\xff\xff\x01", func(err error) bool { return errors.As(err, &tooLarge) }},
		"ends in a head": {"\x05\x00", func(err error) bool { return err == io.ErrUnexpectedEOF }},
		"ends in a body": {"\x05\x00\x00\x00\x01ab", func(err error) bool { return err == io.ErrUnexpectedEOF }},
	} {
		in := reader{r: bytes.NewReader([]byte(c.text))}
		if _, _, err := in.next(1000); !c.ok(err) {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

// TestBlobsAreCounted is that a frame of empty byte strings is refused before
// they take more room than the frame.
func TestBlobsAreCounted(t *testing.T) {
	for n, want := range map[int]error{maxBlobs: nil, maxBlobs + 1: errMalformed} {
		f := fields{rest: appendPayload(nil, sandbox.Payload{Blobs: make([][]byte, n)})}
		if p := f.payload(); f.done() != want || want == nil && len(p.Blobs) != n {
			t.Errorf("%d byte strings: got %d, %v, want %v", n, len(p.Blobs), f.done(), want)
		}
	}
}

// TestReaderTrustsNoLength is that a length which lies costs no memory.
func TestReaderTrustsNoLength(t *testing.T) {
	in := reader{r: bytes.NewReader([]byte("\x00\x00\x00\x20\x01abc"))}
	if _, _, err := in.next(maxFrame); err != io.ErrUnexpectedEOF {
		t.Fatalf("got %v", err)
	}
	if len(in.buf) > 64<<10 {
		t.Errorf("the buffer has %d bytes for 8 that came", len(in.buf))
	}
}

// fakeLane is a lane whose worker says what is written to the returned file.
func fakeLane(t testing.TB, p *program) (*lane, io.WriteCloser) {
	host, child, err := lanePair()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { host.close(); child.close() })
	pool := &pool{config: p.engine.config}
	loaded := &loading{number: 1, done: make(chan struct{})}
	close(loaded.done)
	w := &worker{pool: pool, dead: make(chan struct{}), programs: map[hash]*loading{p.hash: loaded}}
	l := &lane{worker: w, number: 1, file: host}
	l.in.r = &l.file
	return l, child.out
}

// FuzzConversation is a worker that says anything: the host learns of it in an
// error or a result within the limits, and nothing else happens.
func FuzzConversation(f *testing.F) {
	frame := func(k kind, fill func([]byte) []byte) []byte {
		text, err := endFrame(fill(beginFrame(nil, k)))
		if err != nil {
			f.Fatal(err)
		}
		return text
	}
	fine := frame(kindDone, (&done{number: 1, result: testPayload}).append)
	f.Add(fine)
	f.Add(append(frame(kindCall, (&call{id: 1, inline: true, method: "a.b", args: testPayload}).append), fine...))
	f.Add(append(frame(kindCall, (&call{id: 2, method: "a.b"}).append), fine...))
	f.Add(append(frame(kindChance, func(b []byte) []byte { return appendInt(appendInt(b, 3), 16) }), fine...))
	f.Add(append(frame(kindTime, func(b []byte) []byte { return appendInt(b, 4) }), fine...))
	f.Add(bytes.Repeat(frame(kindTime, func(b []byte) []byte { return appendInt(b, 4) }), 3))
	f.Add(append(frame(kindLeave, func(b []byte) []byte { return appendInt(b, 1) }), fine...))
	f.Add(frame(kindDone, (&done{number: 1, failed: testError}).append))
	f.Add([]byte("\xff\xff\xff\xff\xff\xff"))
	config := Config{}
	config.setDefaults()
	p := &program{engine: &Engine{config: config}}
	f.Fuzz(func(t *testing.T, said []byte) {
		const most = 1000
		l, worker := fakeLane(t, p)
		i := &invocation{
			pool: l.worker.pool, program: p, ctx: context.Background(),
			limits: sandbox.Limits{OutputBytes: most, ArgumentBytes: most, Calls: 10, PendingCalls: 5}.WithDefaults(),
			asked:  sandbox.Invocation{Now: time.Now, Random: bytes.NewReader(make([]byte, 1<<16))},
			caller: func(_ context.Context, method string, args sandbox.Payload) (sandbox.Payload, error) {
				if args.Size() > most {
					t.Errorf("the Caller was given %d bytes", args.Size())
				}
				return args, nil
			},
		}
		i.begin(l)
		go func() {
			_, _ = worker.Write(said)
			_ = worker.Close()
		}()
		out, err := l.invoke(i)
		i.pending.Wait()
		i.end()
		if i.calls > 11 {
			t.Errorf("%d calls were counted, with a limit of 10", i.calls)
		}
		if out.Result.Size() > most {
			t.Errorf("a result of %d bytes, with a limit of %d", out.Result.Size(), most)
		}
		var e *sandbox.Error
		if errors.As(err, &e) && len(e.Message)+len(e.Stack)+len(e.Name)+len(e.Permission) > 128<<10 {
			t.Error("the error is not bounded")
		}
	})
}

// FuzzControl is the same for the control socket.
func FuzzControl(f *testing.F) {
	f.Add(append([]byte{3, 0, 0, 0, byte(kindOpened)}, 2, 4))
	f.Add(append([]byte{4, 0, 0, 0, byte(kindCrashed)}, 0, 0, 0))
	f.Add(append([]byte{3, 0, 0, 0, byte(kindReady)}, 0, 0))
	f.Fuzz(func(t *testing.T, said []byte) {
		w := &worker{pool: &pool{}, process: &process{}}
		w.process.in.r = bytes.NewReader(said)
		if err := w.listen(); err == nil {
			t.Error("listening ended without an error")
		}
		in := reader{r: bytes.NewReader(said)}
		if _, f, err := in.next(keepSpace); err == nil {
			f.ready()
		}
	})
}
