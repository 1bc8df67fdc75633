package main

import (
	"os"
	"path/filepath"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/annexhost/annex/runtime/wasm/binary"
)

// writeModules writes two WebAssembly modules into a directory: lib.wasm counts
// in a global, main.wasm imports that from "lib". Its exports are the handlers
// greet, which answers with the second number, spin, which does not end, and trap.
func writeModules(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) != 1 {
		ts.Fatalf("usage: modules DIR")
	}
	dir := ts.MkAbs(args[0])
	ts.Check(os.MkdirAll(dir, 0o750))
	for name, code := range map[string][]byte{"lib": countingModule(), "main": handlerModule()} {
		ts.Check(os.WriteFile(filepath.Join(dir, name+".wasm"), code, 0o600))
	}
}

var oneNumber = binary.FuncType{Results: []byte{binary.I64}}

func countingModule() []byte {
	m := &binary.Module{}
	count := m.AddGlobal(binary.I64, 0)
	c := binary.Code{}
	c.GlobalGet(count).I64(1).Op(binary.I64Add).GlobalSet(count).GlobalGet(count).End()
	m.AddExport("next", binary.KindFunc, m.AddFunc(oneNumber, nil, c))
	return m.Encode()
}

func handlerModule() []byte {
	m := &binary.Module{Memories: []binary.Limits{{Min: 1}}}
	next := m.AddImport("lib", "next", oneNumber)
	alloc := m.AddImport("extism:host/env", "alloc", binary.FuncType{Params: []byte{binary.I64}, Results: []byte{binary.I64}})
	store := m.AddImport("extism:host/env", "store_u64", binary.FuncType{Params: []byte{binary.I64, binary.I64}})
	output := m.AddImport("extism:host/env", "output_set", binary.FuncType{Params: []byte{binary.I64, binary.I64}})
	greet, spin, trap := binary.Code{}, binary.Code{}, binary.Code{}
	greet.I64(8).Call(alloc).Set(0)
	greet.Get(0).Call(next).Op(binary.Drop).Call(next).I64('0').Op(binary.I64Add).Call(store)
	greet.Get(0).I64(1).Call(output).End()
	spin.Loop().Br(0).End().End()
	trap.Op(binary.Unreachable).End()
	for name, code := range map[string]binary.Code{"greet": greet, "spin": spin, "trap": trap} {
		m.AddExport(name, binary.KindFunc, m.AddFunc(binary.FuncType{}, []byte{binary.I64}, code))
	}
	return m.Encode()
}
