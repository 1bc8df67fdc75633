// Package bridge is the one table through which every call leaves a sandbox.
//
// A [Method] is a line of that table: its name, the permission that it needs,
// its arguments and its result as Go types, and its documentation. From the
// table come the dispatcher ([Session.Call]), the api object of JavaScript
// ([API]), the typings ([Typings]) and the reference page. A name that is not in
// the table is denied.
//
// A [Session] is the table bound to one invocation: the organization, the
// extension, what was approved for it, and who is asking. No method takes an
// identity from the guest.
//
// The package knows no engine, and nothing of the host's inside: what it needs
// of storage, secrets, network, audit, log and events reaches it as the small
// interfaces that [SessionConfig] lists.
//
// To add a method: define its line in the file of its API, list it in theTable,
// give it cases in package bridgetest, name it in the Guards of its permission,
// and run go generate. Tests say what is missing.
package bridge

import (
	"context"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync"

	"github.com/annexhost/annex/permissions"
	"github.com/annexhost/annex/runtime/sandbox"
)

//go:generate go run ./gen

// Method is one callable name.
type Method struct {
	Name       string // dotted, as a guest calls it: "storage.get"
	Side       permissions.Side
	Permission permissions.Permission // what a call needs; permissions.None is written out

	// Options are permissions that some of its options need beside it, which the
	// method looks at itself.
	Options []permissions.Permission

	Doc     string    // what it does, for the author of an extension
	Limits  string    // its limits with their units; empty when there are none of its own
	Errors  []Failure // what it fails with beside denied, malformed arguments and faults of the host
	Example string    // JavaScript that uses it, in the body of an async handler
	TS      string    // the signature in TypeScript from its parenthesis on, where the Go types do not say it; else empty

	Sync  bool   // returns or throws at once, see sandbox.Method
	Brief bool   // never waits, see sandbox.Method
	Local bool   // waits for this machine alone, see sandbox.Method
	JS    string // the source around the plain call, see sandbox.Method

	Params []Param      // in the order of their positions; made from the Go type
	Result reflect.Type // as it crosses the wall; struct{} is no result

	call call
}

// Failure is one way for a method to fail.
type Failure struct {
	Code sandbox.Code
	When string
}

// call is what define makes of a line: everything from decoding to encoding.
type call func(ctx context.Context, s *Session, args sandbox.Payload) (sandbox.Payload, error)

// table is all methods, sorted by name.
type table struct {
	methods []Method
	index   map[string]int
}

// theTable is built once and never changes.
var theTable = sync.OnceValue(func() *table {
	return newTable(slices.Concat(
		storageMethods(),
		secretsMethods(),
		httpMethods(),
		eventsMethods(),
		logMethods(),
	))
})

// newTable sorts methods by name. A line that could be called without its
// permission being looked at is a fault of the table, and panics.
func newTable(methods []Method) *table {
	slices.SortFunc(methods, func(a, b Method) int { return strings.Compare(a.Name, b.Name) })
	t := &table{methods: methods, index: make(map[string]int, len(methods))}
	for i, m := range methods {
		if _, known := permissions.Lookup(m.Side, m.Permission); !known && m.Permission != permissions.None {
			panic(fmt.Sprintf("bridge: %s needs permission %q, which does not exist on side %q", m.Name, m.Permission, m.Side))
		}
		if _, twice := t.index[m.Name]; twice {
			panic(fmt.Sprintf("bridge: %s stands twice in the table", m.Name))
		}
		t.index[m.Name] = i
	}
	return t
}

// Methods returns the one table, sorted by name. The slice is the caller's, what
// it refers to is not.
func Methods() []Method { return slices.Clone(theTable().methods) }

// API is what an engine needs to know to show the server side of the table to
// its guests.
func API() sandbox.API {
	var api sandbox.API
	for _, m := range theTable().methods {
		if m.Side == permissions.Server {
			api = append(api, sandbox.Method{
				Name: m.Name, Params: params(m.Params).list(), Sync: m.Sync, Brief: m.Brief, Local: m.Local, JS: m.JS,
			})
		}
	}
	return api
}
