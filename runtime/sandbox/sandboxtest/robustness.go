package sandboxtest

import (
	"context"
	"testing"
	"time"

	"github.com/annexhost/annex/runtime/sandbox"
)

var robustness = []test{
	{"robustness/refused", "what does not exist in a sandbox cannot be reached by any road", testRefused},
	{"robustness/hostile", "a value that fights back fails its own invocation, in time, and nothing else", testHostile},
	{"robustness/garbage", "bytes that are no source are refused", testGarbage},
}

func testRefused(t *testing.T, s *suite) {
	for name, src := range s.options.Refused {
		t.Run(name, func(t *testing.T) {
			out, err := s.compile(t, src).Run(context.Background(), sandbox.Invocation{Input: input(nil)}, nil)
			if err != nil {
				t.Fatalf("%s: %v", src.Code, err)
			}
			wantJSON(t, out.Result.JSON, `"`+s.options.RefusedWith+`"`)
		})
	}
}

func testHostile(t *testing.T, s *suite) {
	echo := s.program(t, ReturnBody)
	for name, src := range s.options.Hostile {
		t.Run(name, func(t *testing.T) {
			program := s.compile(t, src)
			within(t, soon, func() {
				_, err := program.Run(context.Background(), sandbox.Invocation{Limits: sandbox.Limits{Wall: short}}, func(context.Context, string, sandbox.Payload) (sandbox.Payload, error) {
					return sandbox.Payload{}, nil
				})
				e, ok := err.(*sandbox.Error)
				if !ok {
					t.Fatalf("got %v, want an *Error", err)
				}
				if e.Code == sandbox.Internal {
					t.Errorf("the host took it for its own fault: %v", err)
				}
				if len(e.Message) > 64<<10 || len(e.Stack) > 64<<10 || len(e.Name) > 1<<10 {
					t.Errorf("the error is not bounded: %d, %d, %d bytes", len(e.Message), len(e.Stack), len(e.Name))
				}
			})
			out, err := echo.Run(context.Background(), sandbox.Invocation{Input: input("alive")}, nil)
			if err != nil {
				t.Fatalf("the next invocation: %v", err)
			}
			wantJSON(t, out.Result.JSON, `"alive"`)
		})
	}
}

func testGarbage(t *testing.T, s *suite) {
	for _, code := range []string{"\x00", "\xff\xfe\xfd", "\x00asm\x01", "(((((((", "\u2028"} {
		p, err := s.engine.Compile(context.Background(), sandbox.Source{Name: "garbage", Code: []byte(code)})
		if err == nil {
			_, err = p.Run(context.Background(), sandbox.Invocation{Limits: sandbox.Limits{Wall: time.Second}}, nil)
			s.programs = append(s.programs, p)
		}
		if _, ok := err.(*sandbox.Error); !ok {
			t.Errorf("%q: got %v, want an *Error", code, err)
		}
	}
}
