package js_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/annexhost/annex/runtime/js"
	"github.com/annexhost/annex/runtime/sandbox"
)

// TestCrash makes goja panic: the invocation fails without detail and the operator
// is told, or, where a length is too large for any machine, the author is; and the
// next invocation works.
func TestCrash(t *testing.T) {
	fault := &sandbox.Error{Code: sandbox.Internal, Message: "internal error"}
	tooLong := &sandbox.Error{Code: sandbox.Thrown, Name: "RangeError", Message: "Invalid length: nothing that long can be made; the invocation was ended"}
	for body, want := range map[string]*sandbox.Error{
		`Array.prototype.findLast.call({length: 2 ** 53 - 1}, Boolean)`:  fault,
		`Promise.resolve().then(() => BigInt.asUintN(2 ** 53 - 1, -1n))`: tooLong,
		`"x".repeat(2 ** 53 - 1)`:                                              tooLong,
		`try { "\u00e9".repeat(2 ** 53 - 1) } catch { return 1 }`:              tooLong, // nobody goes on in a machine that was left in the middle
		`return new Promise(() => setTimeout(() => "xy".repeat(2 ** 53 - 1)))`: tooLong,
		`throw new Proxy({}, { get() { return "x".repeat(2 ** 53 - 1) } })`:    tooLong,
		`return Promise.reject(Object.create({ get name() { ["a"].findLast.call(new Proxy([1, 2], {}), () => "x".repeat(2 ** 53 - 1)) } }))`: tooLong,
	} {
		var told []sandbox.Crash
		program, err := compile(t, js.Config{Warm: -1, Crashed: func(c sandbox.Crash) { told = append(told, c) }},
			sandbox.Source{Name: "crash.js", Code: []byte("module.exports = () => {" + body + "}")})
		if err != nil {
			t.Fatal(err)
		}
		for range 2 {
			_, err := program.Run(context.Background(), sandbox.Invocation{ID: "inv-1", Tenant: "acme/x"}, nil)
			var got *sandbox.Error
			if !errors.As(err, &got) || got.Code != want.Code || got.Name != want.Name || got.Message != want.Message {
				t.Errorf("%s: got %#v, want %#v", body, err, want)
			}
		}
		if want == tooLong {
			if len(told) != 0 {
				t.Errorf("%s: the operator was told %d times of what is the author's", body, len(told))
			}
			continue
		}
		if len(told) != 2 || told[0].Invocation != "inv-1" || told[0].Tenant != "acme/x" || told[0].Value == nil || !strings.Contains(string(told[0].Stack), "goja") {
			t.Errorf("%s: the operator was told %.300q, want inv-1 of acme/x twice", body, told)
		}
	}
}
