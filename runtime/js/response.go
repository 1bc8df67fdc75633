package js

import (
	"strconv"

	"github.com/dop251/goja"

	"github.com/annexhost/annex/runtime/sandbox"
)

// addFetchNatives adds the natives of Headers and Response.
func (r *realm) addFetchNatives(add func(string, func(goja.FunctionCall) goja.Value)) {
	add("encode", r.encodeText)
	add("bytesOf", r.copyBytes)
	add("parseURL", r.parseURL)
	add("decode", func(fc goja.FunctionCall) goja.Value {
		text, _, _ := decodeText(encodingUTF8, r.bytesArgument(fc.Argument(0)), false)
		return r.vm.ToValue(text)
	})
	add("headerName", r.headerName)
	add("headerValue", r.headerValue)
	add("isStatusText", func(fc goja.FunctionCall) goja.Value {
		return r.vm.ToValue(isStatusText(fc.Argument(0).String()))
	})
	add("isBytes", func(fc goja.FunctionCall) goja.Value {
		_, ok := bytesOf(r.vm, fc.Argument(0))
		if !ok {
			_, ok = r.dataViewBytes(fc.Argument(0))
		}
		return r.vm.ToValue(ok)
	})
	add("formOf", func(fc goja.FunctionCall) goja.Value {
		if _, loaded := r.modules["url"]; !loaded { // then it cannot be one
			return goja.Undefined()
		}
		return r.callPrelude("url", "formOf", fc.Argument(0))
	})
}

// responsePayload returns v in the form of sandbox.Output if it is a Response.
// The prelude takes it apart; what it says is written here, where no toJSON of
// the author's can change it.
func (r *realm) responsePayload(v goja.Value) (p sandbox.Payload, ok bool) {
	if _, loaded := r.modules["fetch"]; !loaded { // then there are none
		return p, false
	}
	list, ok := r.callPrelude("fetch", "describe", v).(*goja.Object)
	if !ok {
		return p, false
	}
	at := func(i int) goja.Value { return list.Get(strconv.Itoa(i)) }
	p.JSON = append(p.JSON, `{"type":"annex.response","status":`...)
	p.JSON = strconv.AppendInt(p.JSON, at(0).ToInteger(), 10)
	p.JSON = append(p.JSON, `,"headers":[`...)
	for i, n := 2, int(list.Get("length").ToInteger()); i+1 < n; i += 2 {
		if i > 2 {
			p.JSON = append(p.JSON, ',')
		}
		p.JSON = appendString(append(p.JSON, '['), at(i).String())
		p.JSON = append(appendString(append(p.JSON, ','), at(i+1).String()), ']')
	}
	p.JSON = append(p.JSON, ']')
	switch body := at(1); {
	case goja.IsString(body):
		p.JSON = appendString(append(p.JSON, `,"body":`...), body.String())
	case !goja.IsNull(body):
		p.Blobs = [][]byte{r.bytesArgument(body)}
		p.JSON = appendBlob(append(p.JSON, `,"body":`...), 0)
	}
	p.JSON = append(p.JSON, '}')
	return p, true
}
