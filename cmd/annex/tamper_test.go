package main

import (
	"bytes"
	"os"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/annexhost/annex/runtime/pack"
	"github.com/annexhost/annex/runtime/signing"
)

// tamper writes the archive TO from the archive FROM, with what somebody between
// an author and a host could do to it: "tamper FROM TO change FILE" changes one
// byte, "add FILE" adds a file, "strip" takes the signature away, and "signature
// OTHER" puts that of another archive in its place.
func tamper(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) < 3 {
		ts.Fatalf("usage: tamper FROM TO change|add|strip|signature [NAME]")
	}
	files := archived(ts, args[0])
	name := append(args, "")[3]
	switch args[2] {
	case "change":
		data := bytes.Clone(files[name])
		data[len(data)/2] ^= 1
		files[name] = data
	case "add":
		files[name] = []byte("more")
	case "strip":
		delete(files, signing.File)
	case "signature":
		files[signing.File] = archived(ts, name)[signing.File]
	default:
		ts.Fatalf("no way to tamper: %s", args[2])
	}
	data, err := pack.Write(files, pack.Options{})
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), data, 0o600))
}

// archived are the files of an archive.
func archived(ts *testscript.TestScript, name string) map[string][]byte {
	p, err := pack.OpenArchive([]byte(ts.ReadFile(name)), pack.Options{})
	ts.Check(err)
	return p.Contents()
}
