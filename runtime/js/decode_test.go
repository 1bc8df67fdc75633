package js

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/dop251/goja"
)

func newDecoder(text string) *decoder {
	vm := goja.New()
	return &decoder{vm: vm, objectProto: vm.NewObject().Prototype(), data: []byte(text)}
}

// TestDecodeIsParse compares with the JSON.parse of the same realm.
func TestDecodeIsParse(t *testing.T) {
	for _, text := range []string{
		`null`, `true`, `false`, `0`, `-0`, `1`, `-1`, `1.5`, `1e3`, `1E-3`, `-1.25e+2`, `9007199254740991`, `9007199254740993`, `123456789012345678901234567890`,
		`""`, `"a"`, `"ü€😀"`, `"\"\\\/\b\f\n\r\t"`, `"\u00fc\u20ac\ud83d\ude00"`, `"\u0000"`,
		`[]`, `[1,2,3]`, `[[],[[]]]`, ` [ 1 , 2 ] `, `{}`, `{"a":1}`, `{"a":{"b":[1,{"c":null}]}}`, `{"a":1,"a":2}`, `{"b":1,"a":2,"1":3,"0":4}`,
		`{"__proto__":{"x":1}}`, `{"constructor":1,"toString":2,"":3}`, `{"\u0061\n":1}`, "\t{\n\"a\" :\r1 }\n", `{"$blob":0}`,
	} {
		d := newDecoder(text)
		got, err := d.decode()
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		vm := d.vm
		_ = vm.Set("got", got)
		_ = vm.Set("text", text)
		same, err := vm.RunString(`
			const want = JSON.parse(text)
			const show = v => JSON.stringify(v) + Object.is(v, -0) + typeof v + (v && typeof v === "object" && (Object.keys(v) + Array.isArray(v) + (Object.getPrototypeOf(v) === Object.getPrototypeOf(want))))
			show(got) === show(want) ? "" : show(got) + " / " + show(want)`)
		if err != nil || same.String() != "" {
			t.Errorf("%s: got / want: %v, %v", text, same, err)
		}
	}
}

// TestDecodeBeyondParse has what the standard's JSON.parse does and goja's does not.
func TestDecodeBeyondParse(t *testing.T) {
	for _, c := range []struct{ text, expression string }{
		{`1e400`, `Infinity`},
		{`-1e400`, `-Infinity`},
		{`"\ud800"`, `"\ud800"`},
		{`"a\udc00b"`, `"a\udc00b"`},
		{`"\ud800\ud800\udc00\n"`, `"\ud800\u{10000}\n"`},
	} {
		d := newDecoder(c.text)
		v, err := d.decode()
		if err != nil {
			t.Errorf("%s: %v", c.text, err)
			continue
		}
		_ = d.vm.Set("got", v)
		if same, err := d.vm.RunString("got === " + c.expression); err != nil || !same.ToBoolean() {
			t.Errorf("%s: got %v, %v, want %s", c.text, v, err, c.expression)
		}
	}
}

func TestDecodeRefuses(t *testing.T) {
	for _, text := range []string{
		``, ` `, `{`, `[`, `"`, `"\`, `"\u`, `"\u12`, `"\x"`, "\"\n\"", `tru`, `nul`, `-`, `.`, `1 2`, `[1 2]`, `[1,]`, `[,1]`, `{"a"}`, `{"a":}`, `{a:1}`, `{"a":1,}`, `{,}`, `]`, `}`, `'a'`, `undefined`,
		strings.Repeat("[", maxDepth+1) + strings.Repeat("]", maxDepth+1), strings.Repeat(`{"a":`, 1<<20),
	} {
		if v, err := newDecoder(text).decode(); err == nil {
			t.Errorf("%.40s: was decoded to %v", text, v)
		}
	}
}

// TestDecodeRunsNoCode makes the realm hostile first.
func TestDecodeRunsNoCode(t *testing.T) {
	d := newDecoder(`{"a":{"b":[1,{"__proto__":2}]},"length":3}`)
	if _, err := d.vm.RunString(`
		for (const name of ["a", "b", "length", "0", "1"]) Object.defineProperty(Object.prototype, name, {set() { throw 1 }, get() { throw 2 }, configurable: true})
		Object.defineProperty(Array.prototype, "0", {set() { throw 3 }})
		JSON.parse = () => { throw 4 }; Object.prototype.toJSON = undefined`); err != nil {
		t.Fatal(err)
	}
	v, err := d.decode()
	if err != nil {
		t.Fatal(err)
	}
	text, err := v.(*goja.Object).MarshalJSON()
	if want := `{"a":{"b":[1,{"__proto__":2}]},"length":3}`; err != nil || string(text) != want {
		t.Errorf("got %s, %v, want %s", text, err, want)
	}
}

func TestDecodeBlobs(t *testing.T) {
	for _, c := range []struct{ rule, text, want string }{
		{"a reference", `{"$blob":1}`, `"blob 1"`},
		{"references inside", `[{"a":{"$blob":0}},{"$blob":2}]`, `[{"a":"blob 0"},"blob 2"]`},
		{"not alone: an object", `{"$blob":1,"a":2}`, `{"$blob":1,"a":2}`},
		{"not first: an object", `{"a":2,"$blob":1}`, `{"a":2,"$blob":1}`},
		{"not a number: an object", `{"$blob":"1"}`, `{"$blob":"1"}`},
	} {
		d := newDecoder(c.text)
		d.blobs = func(i int) goja.Value { return d.vm.ToValue("blob " + d.vm.ToValue(i).String()) }
		v, err := d.decode()
		if err != nil {
			t.Errorf("%s: %v", c.rule, err)
			continue
		}
		if got, err := appendJSON(nil, v); err != nil || string(got) != c.want {
			t.Errorf("%s: got %s, %v, want %s", c.rule, got, err, c.want)
		}
	}
}

func TestSplit(t *testing.T) {
	d := decoder{data: []byte(` { "a" : [1,{"b":"}\\",\""}] , "\u0062":null,"c":"x" } `)}
	got, err := d.split()
	want := members{
		names: []string{"a", "b", "c"},
		json:  [][]byte{[]byte(` [1,{"b":"}\\",\""}] `), []byte(`null`), []byte(`"x" `)},
	}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %q, %v, want %q", got, err, want)
	}
	for _, text := range []string{``, `[]`, `{`, `{"a"`, `{"a":`, `{"a":1`, `{"a":"`, `{"a":"\`, `{a:1}`, `{"a":[}`} {
		d := decoder{data: []byte(text)}
		if got, err := d.split(); err == nil {
			t.Errorf("%s: was split into %q", text, got)
		}
	}
}

// FuzzDecode compares with encoding/json: what that takes, this takes, with the
// same meaning, and nothing makes it panic.
func FuzzDecode(f *testing.F) {
	for _, text := range []string{`{"a":[1,-2.5e3,null,true,"x\u00fc\n"]}`, `"\ud83d\ude00\ud800"`, `[[{}]]`, `{"a":{"b":{"c":1}}}`, "\"\xff\"", `1e999`} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		d := decoder{data: []byte(text)}
		_, _ = d.split() // must not panic
		var want any
		wantErr := json.Unmarshal([]byte(text), &want)
		v, err := newDecoder(text).decode()
		if wantErr != nil {
			return // numbers may be read where JSON has none
		}
		if err != nil {
			if strings.Contains(err.Error(), "deeper") {
				return
			}
			t.Fatalf("%q: %v", text, err)
		}
		again, err := appendJSON(nil, v)
		if err != nil {
			t.Fatalf("%q: %v", text, err)
		}
		var got any
		if err := json.Unmarshal(again, &got); err != nil {
			t.Fatalf("%q: became %q: %v", text, again, err)
		}
		if !reflect.DeepEqual(got, want) && utf8.ValidString(text) {
			t.Fatalf("%q: got %#v, want %#v", text, got, want)
		}
	})
}

// FuzzAppendString checks that the strings that leave a realm are JSON.
func FuzzAppendString(f *testing.F) {
	f.Add("a\"\\\n\x00\x1fü\xff\u2028")
	f.Fuzz(func(t *testing.T, s string) {
		var got string
		if err := json.Unmarshal(appendString(nil, s), &got); err != nil {
			t.Fatalf("%q: %v", s, err)
		}
		if want := strings.ToValidUTF8(s, "\uFFFD"); utf8.ValidString(s) && got != want {
			t.Fatalf("got %q, want %q", got, want)
		}
	})
}
