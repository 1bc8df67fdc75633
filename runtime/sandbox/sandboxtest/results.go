package sandboxtest

import (
	"bytes"
	"context"
	"encoding/json"
	"strings"
	"testing"

	"github.com/annexhost/annex/runtime/sandbox"
)

var results = []test{
	{"results/input", "request, user and config arrive as they were sent", testInput},
	{"results/unicode", "text crosses unchanged in both directions, numbers keep their precision", testUnicode},
	{"results/nothing", "a handler that returns nothing has an empty result", testNothing},
	{"results/later", "a handler may return later", testLater},
	{"results/bytes", "bytes cross beside the JSON, whatever they are, and the guest's are its own", testBytes},
	{"results/big", "results and inputs of megabytes cross", testBig},
	{"results/usage", "usage is filled in, for failures too", testUsage},
}

func testInput(t *testing.T, s *suite) {
	out, err := s.run(t, ReturnInput, map[string]any{"a": []any{1, nil, true, "x", map[string]any{}}}, sandbox.Limits{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	wantJSON(t, out.Result.JSON, `{"request":{"method":"POST","body":{"a":[1,null,true,"x",{}]}},"user":{"id":"u1"},"config":{}}`)
}

func testUnicode(t *testing.T, s *suite) {
	program := s.program(t, ReturnBody)
	for _, body := range []string{
		`"aü€😀𝒳"`, `"\u0000\u0001\u001f\u007f\u2028\u2029"`, `"quotes \" and \\ and /"`, `""`,
		`{"":1,"ü":2,"a b":3,"__proto__":4,"constructor":5}`,
		`[0,-1,1.5,1e21,1e-7,9007199254740991,-9007199254740991,0.1,123456789.123]`,
		`[[[[[[[[[[]]]]]]]]]]`, `null`, `false`,
	} {
		out, err := program.Run(context.Background(), sandbox.Invocation{Input: input(json.RawMessage(body))}, nil)
		if err != nil {
			t.Fatalf("%s: %v", body, err)
		}
		wantJSON(t, out.Result.JSON, body)
	}
}

func testNothing(t *testing.T, s *suite) {
	out, err := s.run(t, ReturnNothing, nil, sandbox.Limits{}, nil)
	if err != nil || len(out.Result.JSON) != 0 || len(out.Result.Blobs) != 0 {
		t.Fatalf("got %q, %v, want nothing", out.Result.JSON, err)
	}
}

func testLater(t *testing.T, s *suite) {
	out, err := s.run(t, ReturnLater, "x", sandbox.Limits{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	wantJSON(t, out.Result.JSON, `"x"`)
}

func testBytes(t *testing.T, s *suite) {
	sent := []byte{0, 1, 2, 0xff, 0xfe, 0xc3, 0x28, '"', '\\', '\n'}
	kept := bytes.Clone(sent)
	out, err := s.program(t, ReturnBytes).Run(context.Background(), sandbox.Invocation{Input: input(nil, sent)}, nil)
	if err != nil {
		t.Fatal(err)
	}
	wantJSON(t, out.Result.JSON, `{"type":"annex.response","status":201,"headers":[["x-test","1"]],"body":{"$blob":0}}`)
	if len(out.Result.Blobs) != 1 || !bytes.Equal(out.Result.Blobs[0], kept) {
		t.Errorf("got blobs %v, want %v", out.Result.Blobs, kept)
	}
	if _, err := s.program(t, Scribble).Run(context.Background(), sandbox.Invocation{Input: input(nil, sent)}, nil); err != nil {
		t.Error(err)
	}
	if !bytes.Equal(sent, kept) {
		t.Error("the guest changed the host's bytes")
	}
}

func testBig(t *testing.T, s *suite) {
	out, err := s.run(t, ReturnString, 4<<20, sandbox.Limits{}, nil)
	if got := len(out.Result.JSON); err != nil || got != 4<<20+2 {
		t.Fatalf("got %d bytes, %v, want %d", got, err, 4<<20+2)
	}
	body := strings.Repeat("ü", 1<<20)
	out, err = s.run(t, ReturnBody, body, sandbox.Limits{}, nil)
	if got := len(out.Result.JSON); err != nil || got != len(body)+2 {
		t.Fatalf("got %d bytes, %v, want %d", got, err, len(body)+2)
	}
}

func testUsage(t *testing.T, s *suite) {
	for _, c := range []struct {
		guest Guest
		fails bool
	}{{Work, false}, {Throw, true}} {
		out, err := s.run(t, c.guest, "x", sandbox.Limits{}, nil)
		if (err != nil) != c.fails {
			t.Fatalf("%s: %v", c.guest, err)
		}
		if u := out.Usage; u.Wall <= 0 || u.CPU <= 0 {
			t.Errorf("%s: got usage %+v, want wall-clock and CPU time above 0", c.guest, u)
		}
		if u := out.Usage; u.OutputBytes != out.Result.Size() {
			t.Errorf("%s: got %d output bytes, want %d", c.guest, u.OutputBytes, out.Result.Size())
		}
	}
}
