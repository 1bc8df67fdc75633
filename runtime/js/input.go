package js

import (
	"bytes"
	"encoding/json"
	"fmt"

	"github.com/dop251/goja"

	"github.com/annexhost/annex/runtime/sandbox"
)

// input is the input of an invocation, turned into values when the handler
// touches them.
type input struct {
	payload sandbox.Payload
	members map[string]json.RawMessage
	err     error
}

// decode returns the value of a payload in the realm, undefined for an empty
// one. References to blobs become Uint8Arrays.
func (r *realm) decode(p sandbox.Payload) (goja.Value, error) {
	if len(bytes.TrimSpace(p.JSON)) == 0 {
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
	array, err := r.vm.New(r.vm.Get("Uint8Array"), r.vm.ToValue(r.vm.NewArrayBuffer(b)))
	if err != nil {
		panic(err)
	}
	return array
}

// inputMember returns a member of the input, or absent if there is none.
func (r *realm) inputMember(name string, absent goja.Value) goja.Value {
	if r.inv == nil {
		return absent
	}
	in := &r.inv.input
	if in.members == nil && in.err == nil && len(in.payload.JSON) > 0 {
		in.err = json.Unmarshal(in.payload.JSON, &in.members)
	}
	raw, ok := in.members[name]
	if !ok && in.err == nil {
		return absent
	}
	value, err := r.decode(sandbox.Payload{JSON: raw, Blobs: in.payload.Blobs})
	if in.err != nil || err != nil {
		r.fail(&sandbox.Error{Code: sandbox.Internal, Message: fmt.Sprintf("the input's %s cannot be read", name)})
	}
	return value
}

// makeRequest makes api.request with its rawBody, the body's bytes.
func (r *realm) makeRequest() goja.Value {
	request, ok := r.inputMember(memberRequest, goja.Undefined()).(*goja.Object)
	if !ok {
		return goja.Undefined()
	}
	const rawBody = "rawBody"
	if request.Get(rawBody) != nil {
		return request
	}
	var made goja.Value
	getter := r.function(rawBody, func(goja.FunctionCall) goja.Value {
		if made == nil {
			made = r.blob(r.inv.input.payload.Blobs, 0)
		}
		return made
	})
	_ = request.DefineAccessorProperty(rawBody, getter, nil, goja.FLAG_TRUE, goja.FLAG_TRUE)
	return request
}

// makeConfig makes api.config, frozen to its leaves.
func (r *realm) makeConfig() goja.Value {
	config := r.inputMember(memberConfig, goja.Undefined())
	if goja.IsUndefined(config) || goja.IsNull(config) {
		config = r.vm.NewObject()
	}
	return r.callPrelude("core", "deepFreeze", config)
}
