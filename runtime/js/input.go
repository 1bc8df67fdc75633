package js

import (
	"bytes"

	"github.com/dop251/goja"

	"github.com/annexhost/annex/runtime/sandbox"
)

// input is the input of an invocation, turned into values when the handler
// touches them.
type input struct {
	payload sandbox.Payload
	split   bool
	members members
	failed  bool // to be split
}

// member returns the JSON of a member of the input.
func (in *input) member(name string) (json []byte, ok bool) {
	if !in.split && len(in.payload.JSON) > 0 {
		in.split = true
		d := decoder{data: in.payload.JSON}
		var err error
		in.members, err = d.split()
		in.failed = err != nil
	}
	return in.members.get(name)
}

// decode returns the value of a payload in the realm, undefined for an empty
// one. References to blobs become Uint8Arrays.
func (r *realm) decode(p sandbox.Payload) (goja.Value, error) {
	if len(p.JSON) == 0 {
		return goja.Undefined(), nil
	}
	d := decoder{vm: r.vm, objectProto: r.objectProto, data: p.JSON}
	if len(p.Blobs) > 0 {
		d.blobs = func(index int) goja.Value { return r.blob(p.Blobs, index) }
	}
	return d.decode()
}

// blob returns a blob as a Uint8Array of its own bytes.
func (r *realm) blob(blobs [][]byte, index int) goja.Value {
	var b []byte
	if index >= 0 && index < len(blobs) {
		b = bytes.Clone(blobs[index])
	}
	array, err := r.vm.New(r.vm.Get("Uint8Array"), r.arrayBuffer(b))
	r.must(err)
	return array
}

// inputMember returns a member of the input, or absent if there is none; made,
// if not nil, is told of each object in it. The body is a stranger's: what looks
// like a reference to a blob in it is not one.
func (r *realm) inputMember(name string, absent goja.Value, made func(*goja.Object)) goja.Value {
	if r.inv == nil {
		return absent
	}
	raw, ok := r.inv.input.member(name)
	if r.inv.input.failed {
		r.failInput(name)
	}
	if !ok {
		return absent
	}
	return r.decodeInput(name, raw, made)
}

// decodeInput returns what raw, the input's member of that name, says.
func (r *realm) decodeInput(name string, raw []byte, made func(*goja.Object)) goja.Value {
	d := decoder{vm: r.vm, objectProto: r.objectProto, data: raw, made: made}
	value, err := d.decode()
	if err != nil {
		r.failInput(name)
	}
	return value
}

func (r *realm) failInput(name string) {
	r.fail(&sandbox.Error{Code: sandbox.Internal, Message: "the input's " + name + " cannot be read"})
}

// makeRequest makes api.request, whose members become values when they are
// touched. Its rawBody, the body's bytes, is not listed: who prints or returns a
// request does not mean all its bytes.
func (r *realm) makeRequest() goja.Value {
	if r.inv == nil {
		return goja.Undefined()
	}
	raw, _ := r.inv.input.member(memberRequest)
	d := decoder{data: raw}
	request, err := d.split()
	if err != nil {
		return r.inputMember(memberRequest, goja.Undefined(), nil)
	}
	const rawBody = "rawBody"
	return r.vm.NewDynamicObject(&lazyObject{names: request.names, hidden: rawBody, make: func(name string) goja.Value {
		if name == rawBody {
			return r.blob(r.inv.input.payload.Blobs, 0)
		}
		raw, _ := request.get(name)
		return r.decodeInput(memberRequest+"."+name, raw, nil)
	}})
}

// makeConfig makes api.config, frozen to its leaves.
func (r *realm) makeConfig() goja.Value {
	freeze, _ := goja.AssertFunction(r.vm.Get("Object").ToObject(r.vm).Get("freeze"))
	deepFreeze := func(object *goja.Object) {
		if freeze != nil { // else the author has removed it
			_, err := freeze(goja.Undefined(), object)
			r.must(err)
		}
	}
	config := r.inputMember(memberConfig, goja.Undefined(), deepFreeze)
	if _, ok := config.(*goja.Object); ok {
		return config
	}
	none := r.vm.NewObject()
	deepFreeze(none)
	return none
}
