package admin

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"

	"github.com/annexhost/annex/runtime/sandbox"
)

// TestBodiesAreBoundedTogether is that a body is refused while others fill what
// all may hold, and read when they are gone.
func TestBodiesAreBoundedTogether(t *testing.T) {
	s := &Server{}
	all := &s.bodies
	all.n.Store(maxHeld - 10)
	read := func() (*request, error) {
		r := httptest.NewRequest("POST", "/", strings.NewReader(`{"name":"longer than ten"}`))
		x := exchangeOf(r)
		x.s = s
		in, err := newRequest(x, Spec{}, nil)
		if err != nil {
			t.Fatal(err)
		}
		var into struct {
			Name string `json:"name"`
		}
		return in, in.decode(reflect.ValueOf(&into).Elem())
	}
	in, err := read()
	if !errors.Is(err, &sandbox.Error{Code: sandbox.Unavailable}) {
		t.Errorf("got %v, want UNAVAILABLE", err)
	}
	in.body.release()
	if n := all.n.Load(); n != maxHeld-10 {
		t.Errorf("%d bytes are held after the request, want %d", n, maxHeld-10)
	}
	all.n.Store(0)
	if _, err := read(); err != nil {
		t.Errorf("with room: %v", err)
	}
}

// exchangeOf is a request of somebody whose credential stays good.
func exchangeOf(r *http.Request) *exchange {
	return &exchange{s: &Server{}, w: httptest.NewRecorder(), r: r, still: func() error { return nil }}
}
