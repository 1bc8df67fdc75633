package admin

import (
	"bytes"
	"errors"
	"net/http/httptest"
	"net/url"
	"reflect"
	"testing"

	"github.com/annexhost/annex/runtime/sandbox"
)

// FuzzRequest sends anything to any route, up to its handler: what is not as the
// route wants it is refused with a code, and paths match segment by segment.
func FuzzRequest(f *testing.F) {
	routes := table()
	for i, route := range routes {
		spec := route.Spec()
		f.Add(i, Prefix+spec.Path, "after=a&limit=10", []byte(`{}`))
	}
	f.Add(0, Prefix+"/orgs/a%2fb/extensions/..%2f..", "limit=1&limit=2", []byte(`{"value":1} {}`))
	f.Add(1, Prefix+"/orgs//extensions", "%zz", []byte(`{"__proto__":{}}`))
	s := &Server{routes: routes}
	f.Fuzz(func(t *testing.T, n int, path, query string, body []byte) {
		u, err := url.Parse("http://annex.test" + path)
		if err != nil {
			return
		}
		u.RawQuery = query
		spec := routes[uint(n)%uint(len(routes))].Spec()
		r := httptest.NewRequest(spec.Method, "http://annex.test/", bytes.NewReader(body))
		r.URL = u
		route, values, _, err := s.find(r)
		if err != nil {
			wantCode(t, err, sandbox.NotFound)
			return
		}
		spec = route.Spec()
		for name, value := range values {
			if value == "" {
				t.Fatalf("%s: %s is empty", path, name)
			}
		}
		in, err := newRequest(exchangeOf(r), spec, values)
		if err != nil {
			wantCode(t, err, sandbox.Invalid)
			return
		}
		takes, _ := route.types()
		if err := in.decode(reflect.New(takes).Elem()); err != nil {
			wantCode(t, err, sandbox.Invalid, sandbox.Exhausted)
		}
	})
}

func wantCode(t *testing.T, err error, codes ...sandbox.Code) {
	t.Helper()
	var e *sandbox.Error
	if !errors.As(err, &e) {
		t.Fatalf("%v has no code", err)
	}
	for _, code := range codes {
		if e.Code == code {
			return
		}
	}
	t.Fatalf("%v: code %s, want one of %v", err, e.Code, codes)
}
