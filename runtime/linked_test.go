package runtime_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/annexhost/annex/runtime"
	"github.com/annexhost/annex/runtime/pack"
	"github.com/annexhost/annex/runtime/standard"
	"github.com/annexhost/annex/runtime/wasm/binary"
)

var number = binary.FuncType{Results: []byte{binary.I64}}

// counter exports next, which counts in a global of its own; what it counts by
// comes from another module, when there is one.
func counter(from string) []byte {
	m := &binary.Module{}
	c := binary.Code{}
	if from == "" {
		c.I64(1)
	} else {
		c.Call(m.AddImport(from, "next", number))
	}
	count := m.AddGlobal(binary.I64, 0)
	c.GlobalGet(count).Op(binary.I64Add).GlobalSet(count).GlobalGet(count).End()
	m.AddExport("next", binary.KindFunc, m.AddFunc(number, nil, c))
	return m.Encode()
}

// teller's handler answers with the digit that next of another module returns
// the second time.
func teller(from string) []byte {
	m := &binary.Module{}
	next := m.AddImport(from, "next", number)
	alloc := m.AddImport("extism:host/env", "alloc", binary.FuncType{Params: []byte{binary.I64}, Results: []byte{binary.I64}})
	store := m.AddImport("extism:host/env", "store_u64", binary.FuncType{Params: []byte{binary.I64, binary.I64}})
	output := m.AddImport("extism:host/env", "output_set", binary.FuncType{Params: []byte{binary.I64, binary.I64}})
	c := binary.Code{}
	c.I64(8).Call(alloc).Set(0)
	c.Get(0).Call(next).Op(binary.Drop).Call(next).I64('0').Op(binary.I64Add).Call(store)
	c.Get(0).I64(1).Call(output).End()
	m.AddExport("handler", binary.KindFunc, m.AddFunc(binary.FuncType{}, []byte{binary.I64}, c))
	return m.Encode()
}

func modulePackage(t *testing.T, modules map[string][]byte) *pack.Package {
	t.Helper()
	files := map[string][]byte{"LICENSE": []byte("MIT"), "extension.json": []byte(
		strings.ReplaceAll(manifestOf("x", "1.0.0", "", ""), "do.js", "do.wasm"))}
	for name, code := range modules {
		files["server/"+name+".wasm"] = code
	}
	p, err := pack.FromFiles(files, pack.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// TestModulesOfAPackageAreLinkedByTheirNames has handlers in one module that
// call functions of those beside it, each with state of its own that is new for
// every invocation.
func TestModulesOfAPackageAreLinkedByTheirNames(t *testing.T) {
	for _, c := range []struct {
		name    string
		modules map[string][]byte
		want    string
	}{
		{"two", map[string][]byte{"do": teller("lib"), "lib": counter("")}, "2"},
		{"a chain", map[string][]byte{"do": teller("lib"), "lib": counter("base"), "base": counter("")}, "3"},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := openHost(t, standard.Options{})
			installAll(t, h, "acme", modulePackage(t, c.modules))
			for range 3 {
				if got := do(t, h, "acme"); got != c.want {
					t.Fatalf("got %s, want %s in every invocation", got, c.want)
				}
			}
		})
	}
}

func TestModulesThatCannotBeLinkedAreRefusedAtInstall(t *testing.T) {
	many := map[string][]byte{"do": teller("n0")}
	for i := range 40 {
		many[fmt.Sprintf("n%d", i)] = counter(fmt.Sprintf("n%d", i+1))
	}
	many["n40"] = counter("")
	for _, c := range []struct {
		name    string
		modules map[string][]byte
		want    string
	}{
		{"the other is missing", map[string][]byte{"do": teller("lib")}, "unknown import lib.next"},
		{"the other has no such function", map[string][]byte{"do": teller("lib"), "lib": teller("base"), "base": counter("")}, "unknown import lib.next"},
		{"the other is no module", map[string][]byte{"do": teller("lib"), "lib": []byte("hello")}, "module lib: it is not a WebAssembly module"},
		{"each needs the other", map[string][]byte{"do": teller("a"), "a": counter("b"), "b": counter("a")}, "import one another in a circle"},
		{"too many", many, "(max 16)"},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := openHost(t, standard.Options{})
			_, err := h.Install(t.Context(), "acme", modulePackage(t, c.modules), runtime.Consent{By: "test"})
			if err == nil {
				t.Fatal("it was installed")
			}
			if !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q named", err, c.want)
			}
			if got := do(t, h, "acme"); !strings.HasPrefix(got, "not_found") {
				t.Errorf("a handler answers: %s", got)
			}
		})
	}
}
