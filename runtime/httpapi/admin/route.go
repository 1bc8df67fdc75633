package admin

import (
	"context"
	"io"
	"reflect"
	"strings"

	"github.com/annexhost/annex/runtime/identity"
)

// Prefix is where the API begins.
const Prefix = "/admin/v1"

// Spec is what a route says of itself.
type Spec struct {
	Name   string // operationId, unique: a verb and a noun, "listExtensions"
	Method string
	Path   string         // below Prefix: "/orgs/{org}/extensions"
	Right  identity.Right // what a caller must be allowed to do; empty: any caller with a credential
	Doc    string         // one sentence, without its period
	Status int            // of the answer when it ends well; 0: 200, or 204 for None
	Type   string         // media type of a Stream

	// MaxBody is how many bytes a JSON body may have; 0: 1 MiB. A raw body is
	// bounded by its handler.
	MaxBody int64

	// AnyOrg lets an operator name an organization that does not exist.
	AnyOrg bool

	// OfHost lets an operator name the host itself, as audit.HostOrg.
	OfHost bool
}

// jsonLines is the media type of streams of JSON, a value on each line.
const jsonLines = "application/x-ndjson"

// None is the answer of a route that has nothing to say.
type None struct{}

// Stream is an answer that is written as it comes: lines of JSON, or bytes.
type Stream struct {
	// Write writes it all and returns; ctx ends when the caller leaves. What is
	// written is sent at once. After an error the caller sees the answer break off.
	Write func(ctx context.Context, w io.Writer) error
}

// Route is a row of the table: an [Endpoint] of whatever types.
type Route interface {
	Spec() Spec
	types() (in, out reflect.Type)
	serve(ctx context.Context, c *Call, r *request) (any, error)
}

// Endpoint is a route with the types of what it takes and answers.
type Endpoint[In, Out any] struct {
	spec   Spec
	handle func(ctx context.Context, c *Call, in In) (Out, error)
}

// Define declares a route; routes.go lists it.
func Define[In, Out any](s Spec, handle func(ctx context.Context, c *Call, in In) (Out, error)) *Endpoint[In, Out] {
	return &Endpoint[In, Out]{s, handle}
}

// Spec is what the route says of itself.
func (e *Endpoint[In, Out]) Spec() Spec { return e.spec }

func (e *Endpoint[In, Out]) types() (in, out reflect.Type) {
	return reflect.TypeFor[In](), reflect.TypeFor[Out]()
}

func (e *Endpoint[In, Out]) serve(ctx context.Context, c *Call, r *request) (any, error) {
	var in In
	if err := r.decode(reflect.ValueOf(&in).Elem()); err != nil {
		return nil, err
	}
	return e.handle(ctx, c, in)
}

// status is the status of an answer that ends well.
func (s Spec) status(out reflect.Type) int {
	switch {
	case s.Status != 0:
		return s.Status
	case out == reflect.TypeFor[None]():
		return 204
	}
	return 200
}

// segments are the parts of the path, "{name}" for a parameter.
func (s Spec) segments() []string { return strings.Split(strings.TrimPrefix(s.Path, "/"), "/") }

// parameter returns the name in "{name}".
func parameter(segment string) (string, bool) {
	if strings.HasPrefix(segment, "{") && strings.HasSuffix(segment, "}") {
		return segment[1 : len(segment)-1], true
	}
	return "", false
}

// field is a part of a request, as the tags of a struct field say.
type field struct {
	index       []int
	where, name string // where: path, query, json or raw
	doc         string
	typ         reflect.Type
	optional    bool // json with omitempty or omitzero
}

// fieldsOf lists the parts of a request type, those of embedded structs too.
func fieldsOf(t reflect.Type) []field {
	var all []field
	for _, f := range reflect.VisibleFields(t) {
		if f.Anonymous || !f.IsExported() {
			continue
		}
		made := field{index: f.Index, doc: f.Tag.Get("doc"), typ: f.Type}
		for _, where := range []string{"path", "query", "raw"} {
			if name, ok := f.Tag.Lookup(where); ok {
				made.where, made.name = where, name
			}
		}
		if made.where == "" {
			name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
			if name == "-" {
				continue
			}
			if name == "" {
				name = f.Name
			}
			made.where, made.name = "json", name
			made.optional = strings.Contains(options, "omit")
		}
		all = append(all, made)
	}
	return all
}

// hasBody reports whether requests of the type have a JSON body.
func hasBody(fields []field) bool {
	for _, f := range fields {
		if f.where == "json" {
			return true
		}
	}
	return false
}
