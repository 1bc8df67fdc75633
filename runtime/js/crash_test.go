package js_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/annexhost/annex/runtime/js"
	"github.com/annexhost/annex/runtime/sandbox"
)

// TestCrash makes goja panic: the invocation fails without detail, the operator
// is told, and the next invocation works.
func TestCrash(t *testing.T) {
	for _, body := range []string{
		`module.exports = () => "x".repeat(2 ** 53 - 1)`,
		`module.exports = () => Promise.resolve().then(() => BigInt.asUintN(2 ** 53 - 1, -1n))`,
	} {
		var told []string
		program, err := compile(t, js.Config{Warm: -1, Crashed: func(id string, value any, stack []byte) {
			told = append(told, id)
			if value == nil || !strings.Contains(string(stack), "goja") {
				t.Errorf("%s: got %v, stack %.100s", body, value, stack)
			}
		}}, sandbox.Source{Name: "crash.js", Code: []byte(body)})
		if err != nil {
			t.Fatal(err)
		}
		for range 2 {
			_, err := program.Run(context.Background(), sandbox.Invocation{ID: "inv-1"}, nil)
			if !errors.Is(err, &sandbox.Error{Code: sandbox.Internal}) || err.Error() != "internal error" {
				t.Errorf("%s: got %v, want an internal error without detail", body, err)
			}
		}
		if len(told) != 2 || told[0] != "inv-1" {
			t.Errorf("%s: the operator was told of %q, want inv-1 twice", body, told)
		}
	}
}
