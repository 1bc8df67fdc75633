package admin

import (
	"errors"
	"io"
	"net/http"
	"net/url"
	"reflect"
	"strconv"
	"time"

	"github.com/annexhost/annex/runtime/sandbox"
)

// errTrailing says that there is more than one value in a body.
var errTrailing = errors.New("there is something after the end of the JSON value")

// maxJSON is the most bytes of a JSON body of a route that says nothing else.
const maxJSON = 1 << 20

// request is what came, taken apart but for its body.
type request struct {
	path  map[string]string // values of the path's parameters, unescaped
	query url.Values
	body  *held     // bounded
	raw   io.Reader // as it comes, each piece within its time
	wait  func()    // bounds the time in which the body arrives
	still func() error
}

// bodyWait is how long a JSON body may take to arrive, or the next piece of a raw one.
const bodyWait = time.Minute

// newRequest takes a request apart. The body is read by decode, after the caller was
// found to be allowed to send it. It may take its time to arrive, so the credential
// is looked at again then: one that was revoked meanwhile does nothing more.
func newRequest(x *exchange, spec Spec, path map[string]string) (*request, error) {
	w, r := x.w, x.r
	query, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return nil, sandbox.Errorf(sandbox.Invalid, "the query is malformed: %v", err)
	}
	limit := spec.MaxBody
	if limit == 0 {
		limit = maxJSON
	}
	wait := func() { _ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(bodyWait)) }
	return &request{
		path: path, query: query, wait: wait, still: x.still, raw: awaited{r.Body, wait, x.still},
		body: &held{from: http.MaxBytesReader(w, r.Body, limit), all: &x.s.bodies},
	}, nil
}

// awaited bounds how long each piece of a body may take to arrive, and takes it only
// from a credential that is good then.
type awaited struct {
	r     io.Reader
	wait  func()
	still func() error
}

func (a awaited) Read(p []byte) (int, error) {
	a.wait()
	n, err := a.r.Read(p)
	if denied := a.still(); denied != nil {
		return 0, denied
	}
	return n, err
}

// decode fills a struct by the tags of its fields.
func (r *request) decode(into reflect.Value) error {
	fields := fieldsOf(into.Type())
	if hasBody(fields) {
		if err := r.decodeBody(into); err != nil {
			return err
		}
	}
	known := map[string]bool{}
	for _, f := range fields {
		v := into.FieldByIndex(f.index)
		switch f.where {
		case "path":
			v.SetString(r.path[f.name])
		case "raw":
			v.Set(reflect.ValueOf(r.raw))
		case "query":
			known[f.name] = true
			if err := setQuery(v, f.name, r.query[f.name]); err != nil {
				return err
			}
		}
	}
	for name := range r.query {
		if !known[name] {
			return sandbox.Errorf(sandbox.Invalid, "there is no query parameter %.40q here", name)
		}
	}
	return nil
}

func (r *request) decodeBody(into reflect.Value) error {
	r.wait()
	err := decodeJSON(r.body, into.Addr().Interface())
	var large *http.MaxBytesError
	var full *sandbox.Error
	switch {
	case errors.As(err, &full):
		return full
	case err == nil, err == io.EOF: // no body: all members are left out
		return r.still()
	case errors.As(err, &large):
		return &sandbox.Error{Code: sandbox.Exhausted, Reason: sandbox.ReasonInput, Message: "The request body is larger than " + strconv.FormatInt(large.Limit, 10) + " bytes"}
	}
	return &sandbox.Error{Code: sandbox.Invalid, Reason: sandbox.ReasonBody, Message: "The request body is not the JSON that is wanted: " + err.Error()}
}

// setQuery parses a query parameter.
func setQuery(v reflect.Value, name string, values []string) error {
	if len(values) == 0 {
		return nil
	}
	if v.Kind() == reflect.Slice {
		v.Set(reflect.ValueOf(values))
		return nil
	}
	if len(values) > 1 {
		return sandbox.Errorf(sandbox.Invalid, "the query parameter %s is given more than once", name)
	}
	var err error
	switch v.Kind() {
	case reflect.String:
		v.SetString(values[0])
	case reflect.Bool:
		var b bool
		b, err = strconv.ParseBool(values[0])
		v.SetBool(b)
	case reflect.Int:
		var n int64
		n, err = strconv.ParseInt(values[0], 10, 0)
		v.SetInt(n)
	case reflect.Uint64:
		var n uint64
		n, err = strconv.ParseUint(values[0], 10, 64)
		v.SetUint(n)
	}
	if err != nil {
		return sandbox.Errorf(sandbox.Invalid, "the query parameter %s is %.40q, which is no %s", name, values[0], v.Kind())
	}
	return nil
}

// queryText is the inverse of setQuery; nothing for the zero value.
func queryText(v reflect.Value) []string {
	if v.IsZero() {
		return nil
	}
	switch v.Kind() {
	case reflect.Slice:
		return v.Interface().([]string)
	case reflect.Bool:
		return []string{strconv.FormatBool(v.Bool())}
	case reflect.Int:
		return []string{strconv.FormatInt(v.Int(), 10)}
	case reflect.Uint64:
		return []string{strconv.FormatUint(v.Uint(), 10)}
	}
	return []string{v.String()}
}
