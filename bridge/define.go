package bridge

import (
	"context"
	"reflect"
	"sync"

	"github.com/annexhost/annex/runtime/sandbox"
)

// line is one line of the table before it is defined. In is a struct whose
// fields are the arguments, Out what the method returns: the Go types are the
// schema.
type line[In, Out any] struct {
	Method

	// scope, if any, checks what the call is about (a key, a name, a host)
	// before anything else is decided. It returns the host for a method whose
	// permission is that of a host, and nothing otherwise.
	scope func(s *Session, in *In) (host string, err error)

	// audit, if any, says what is written into the audit before run starts.
	// When it cannot be written the call fails and run does not start.
	audit func(in *In) (action, target string)

	run func(ctx context.Context, s *Session, in In) (Out, error)
}

// arguments is what the decoding of one call needs. It is pooled, because a call
// that only reads a key is otherwise half allocation.
type arguments[In any] struct {
	in      In
	frame   *frame
	decoder decoder
}

// define makes the [Method] of a line. All reflection happens here and when the
// pool grows.
func define[In, Out any](l line[In, Out]) Method {
	m := l.Method
	fields := paramsOf(reflect.TypeFor[In]())
	m.Params, m.Result = fields, reflect.TypeFor[Out]()
	encode := encoderOf[Out]()
	pool := sync.Pool{New: func() any {
		a := new(arguments[In])
		a.frame = fields.bind(reflect.ValueOf(&a.in).Elem())
		return a
	}}
	decode := func(args sandbox.Payload) (in In, err error) {
		a := pool.Get().(*arguments[In])
		a.decoder = decoder{scanner: scanner{data: args.JSON}, blobs: args.Blobs}
		if err := a.decoder.arguments(a.frame); err != nil {
			return in, &sandbox.Error{Code: sandbox.Invalid, Name: "TypeError", Message: m.Name + ": " + err.Error()}
		}
		in = a.in
		var none In
		a.in, a.decoder = none, decoder{}
		pool.Put(a)
		return in, err
	}
	m.call = func(ctx context.Context, s *Session, args sandbox.Payload) (sandbox.Payload, error) {
		in, err := decode(args)
		if err != nil {
			return sandbox.Payload{}, err
		}
		host := ""
		if l.scope != nil {
			if host, err = l.scope(s, &in); err != nil {
				return sandbox.Payload{}, err
			}
		}
		if err := s.allow(m.Side, m.Permission, host); err != nil {
			return sandbox.Payload{}, err
		}
		if err := s.takeCall(); err != nil {
			return sandbox.Payload{}, err
		}
		if l.audit != nil {
			action, target := l.audit(&in)
			if err := s.record(ctx, action, target); err != nil {
				return sandbox.Payload{}, err
			}
		}
		out, err := l.run(ctx, s, in)
		if err != nil {
			return sandbox.Payload{}, err
		}
		return encode(out)
	}
	return m
}
