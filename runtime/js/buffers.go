package js

import (
	"bytes"
	"encoding/base64"
	"reflect"
	"strings"

	"github.com/dop251/goja"
)

// bytesOf returns the bytes of an ArrayBuffer, a typed array or a DataView, not
// copied. It runs no code of the realm.
func bytesOf(vm *goja.Runtime, v goja.Value) ([]byte, bool) {
	object, ok := v.(*goja.Object)
	if !ok {
		return nil, false
	}
	kind := object.ExportType()
	if kind == reflect.TypeFor[goja.ArrayBuffer]() {
		return object.Export().(goja.ArrayBuffer).Bytes(), true
	}
	if !isTypedArray(kind) {
		return nil, false
	}
	var b []byte
	err := vm.ExportTo(v, &b)
	return b, err == nil
}

// isTypedArray tells the exported type of typed arrays from that of ordinary
// arrays and others, whose export would run code of the realm.
func isTypedArray(t reflect.Type) bool {
	if t == nil || t.Kind() != reflect.Slice {
		return false
	}
	elem := t.Elem().Kind()
	return reflect.Int <= elem && elem <= reflect.Float64
}

// bytesArgument returns the bytes of an argument, copied, or throws.
func (r *realm) bytesArgument(v goja.Value) []byte {
	b, ok := bytesOf(r.vm, v)
	if !ok {
		if b, ok = r.dataViewBytes(v); !ok {
			panic(r.vm.NewTypeError("the argument is not an ArrayBuffer or a view of one"))
		}
	}
	return bytes.Clone(b)
}

// dataViewBytes returns the bytes of a DataView, which goja exports like any
// object: its own accessors, asked for by their names, tell it apart.
func (r *realm) dataViewBytes(v goja.Value) ([]byte, bool) {
	object, ok := v.(*goja.Object)
	if !ok || object.ExportType() != reflect.TypeFor[map[string]any]() {
		return nil, false
	}
	var b []byte
	if ex := r.vm.Try(func() {
		buffer, isBuffer := bytesOf(r.vm, object.Get("buffer"))
		offset, length := object.Get("byteOffset"), object.Get("byteLength")
		if !isBuffer || offset == nil || length == nil || !goja.IsNumber(offset) || !goja.IsNumber(length) {
			return
		}
		from, n := offset.ToInteger(), length.ToInteger()
		if from >= 0 && n >= 0 && from+n <= int64(len(buffer)) {
			b, ok = buffer[from:from+n:from+n], true
			return
		}
	}); ex != nil || b == nil {
		return nil, false
	}
	return b, ok
}

// arrayBuffer makes an ArrayBuffer of b, which becomes the realm's.
func (r *realm) arrayBuffer(b []byte) goja.Value {
	return r.vm.ToValue(r.vm.NewArrayBuffer(b))
}

// btoa encodes the characters of a string, which must be bytes, in base64.
func (r *realm) btoa(fc goja.FunctionCall) goja.Value {
	text, ok := fc.Argument(0).ToString().(goja.String)
	if !ok { // undefined and null remain what they are
		text = r.vm.ToValue(fc.Argument(0).String()).(goja.String)
	}
	raw := make([]byte, text.Length())
	for i := range raw {
		unit := text.CharAt(i)
		if unit > 255 {
			r.throwDOM("InvalidCharacterError", "btoa: the string contains characters beyond U+00FF")
		}
		raw[i] = byte(unit)
	}
	return r.vm.ToValue(base64.StdEncoding.EncodeToString(raw))
}

// atob decodes base64 by the forgiving rules of the platform: white space is
// ignored, padding may be missing.
func (r *realm) atob(fc goja.FunctionCall) goja.Value {
	text := strings.Map(func(c rune) rune {
		switch c {
		case '\t', '\n', '\f', '\r', ' ':
			return -1
		}
		return c
	}, fc.Argument(0).ToString().String())
	if len(text)%4 == 0 {
		text = strings.TrimSuffix(strings.TrimSuffix(text, "="), "=")
	}
	raw, err := base64.RawStdEncoding.DecodeString(text)
	if err != nil || strings.ContainsAny(text, "\r\n") {
		r.throwDOM("InvalidCharacterError", "atob: the string is not correctly encoded")
	}
	units := make([]uint16, len(raw))
	for i, b := range raw {
		units[i] = uint16(b)
	}
	return goja.StringFromUTF16(units)
}

// kindOf says what an object is inside, whatever it claims to be.
func (r *realm) kindOf(fc goja.FunctionCall) goja.Value {
	object, ok := fc.Argument(0).(*goja.Object)
	if !ok {
		return r.vm.ToValue("")
	}
	kind := object.ExportType()
	name := object.ClassName()
	switch {
	case kind == reflect.TypeFor[goja.ArrayBuffer]():
		name = "ArrayBuffer"
	case kind == reflect.TypeFor[*goja.Promise]():
		name = "Promise"
	case kind == reflect.TypeFor[goja.Proxy]():
		name = "Object"
	case kind == reflect.TypeFor[[][2]any]():
		name = "Map"
	case kind == reflect.TypeFor[[]any]() && name == "Object":
		name = "Set"
	case isTypedArray(kind):
		name = "View"
	default:
		if _, isView := r.dataViewBytes(object); isView {
			name = "View"
		}
	}
	return r.vm.ToValue(name)
}
