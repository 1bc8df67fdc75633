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
	members map[string][]byte // the JSON of each member
	failed  bool
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
	in := &r.inv.input
	if in.members == nil && len(in.payload.JSON) > 0 {
		d := decoder{data: in.payload.JSON}
		var err error
		in.members, err = d.split()
		in.failed = err != nil
	}
	raw, ok := in.members[name]
	if !ok && !in.failed {
		return absent
	}
	d := decoder{vm: r.vm, objectProto: r.objectProto, data: raw, made: made}
	value, err := d.decode()
	if in.failed || err != nil {
		r.fail(&sandbox.Error{Code: sandbox.Internal, Message: "the input's " + name + " cannot be read"})
	}
	return value
}

// makeRequest makes api.request. Its rawBody, the body's bytes, is made when it
// is touched, and not enumerable: who prints or returns a request does not mean
// all its bytes.
func (r *realm) makeRequest() goja.Value {
	request, ok := r.inputMember(memberRequest, goja.Undefined(), nil).(*goja.Object)
	if !ok {
		return goja.Undefined()
	}
	const rawBody = "rawBody"
	var made goja.Value
	getter := r.function(rawBody, func(goja.FunctionCall) goja.Value {
		if made == nil {
			made = r.blob(r.inv.input.payload.Blobs, 0)
		}
		return made
	})
	_ = request.DefineAccessorProperty(rawBody, getter, nil, goja.FLAG_TRUE, goja.FLAG_FALSE)
	return request
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
