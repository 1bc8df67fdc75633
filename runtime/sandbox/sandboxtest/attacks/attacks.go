// Package attacks is the corpus of attacks on the wall: one small file for each,
// with a header that says what must become of it. Package corpus runs them.
//
// The header is the lines of comments at the start of a file, "key: value":
//
//	class    what it tries; the name of the file's directory
//	engine   js or wasm
//	tiers    process, inprocess, or both
//	expect   what it may end as, "A | B" (see [Attack.Expects])
//	ci       yes: run with every change; otherwise in the long run alone
//	wall     wall-clock limit (300ms); cpu, memory (64MiB) and calls likewise
//	grants   permissions of the session in place of all but http:fetch
//	export   the handler's name in a module
//	times    how often it is run, each time with the same outcome (1)
//	note     what it does, where that cannot be seen
//
// A JavaScript file is the body of a CommonJS module, in which «text×n» stands
// for n times text, so that a bomb of megabytes is a file of one line. A file of
// wasm is the text that [Assemble] reads.
package attacks

import (
	"embed"
	"fmt"
	"io/fs"
	"path"
	"strings"
	"time"

	"github.com/annexhost/annex/runtime/sandbox"
)

// The engines that attacks are written for.
const (
	JavaScript = "js"
	Wasm       = "wasm"
)

// The tiers in which attacks run.
const (
	Process   = "process"   // in a worker
	InProcess = "inprocess" // in a process of its own without a wall in it, whose end is recorded
)

// Attack is one file of the corpus.
type Attack struct {
	Name   string // "js/native/indexof", of the file without its extension
	Class  string
	Engine string
	Tiers  []string
	Expect []string
	CI     bool
	Limits sandbox.Limits
	Grants []string // nil: the usual ones
	Export string
	Note   string
	Times  int
	Code   []byte
}

// DefaultWall and DefaultMemory are the limits of an attack that names none.
const (
	DefaultWall   = 300 * time.Millisecond
	DefaultMemory = 64 << 20
)

//go:embed js wasm
var files embed.FS

// All returns the corpus, sorted by name.
func All() ([]Attack, error) { return read(files) }

// read reads every attack in a file system.
func read(fsys fs.FS) ([]Attack, error) {
	var all []Attack
	err := fs.WalkDir(fsys, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		text, err := fs.ReadFile(fsys, name)
		if err != nil {
			return err
		}
		a, err := Parse(name, string(text))
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		all = append(all, a)
		return nil
	})
	return all, err
}

// Parse reads one file.
func Parse(name, text string) (Attack, error) {
	a := Attack{
		Name:   strings.TrimSuffix(name, path.Ext(name)),
		Limits: sandbox.Limits{Wall: DefaultWall, Memory: DefaultMemory},
		Times:  1,
	}
	body, err := a.header(text)
	if err != nil {
		return a, err
	}
	if err := a.check(name); err != nil {
		return a, err
	}
	if a.Engine == Wasm {
		a.Code, err = Assemble(body)
	} else {
		a.Code, err = expand(body)
	}
	return a, err
}

// check says what a header lacks.
func (a *Attack) check(name string) error {
	dir := path.Dir(name)
	switch {
	case a.Class == "" || a.Class != path.Base(dir):
		return fmt.Errorf("class is %q, want that of the directory, %q", a.Class, path.Base(dir))
	case a.Engine != path.Dir(dir):
		return fmt.Errorf("engine is %q, want %q as the directory says", a.Engine, path.Dir(dir))
	case len(a.Tiers) == 0:
		return fmt.Errorf("tiers is missing")
	case len(a.Expect) == 0:
		return fmt.Errorf("expect is missing")
	}
	return nil
}

// Runs reports whether the attack is one for a tier.
func (a *Attack) Runs(tier string) bool {
	for _, t := range a.Tiers {
		if t == tier {
			return true
		}
	}
	return false
}

// Expects reports whether an outcome is one that the header allows. An outcome
// is a word, which may have details after it that a header may leave out; "…" at
// the end of a header's stands for any rest:
//
//	TIMEOUT          the wall clock or the CPU limit
//	MEMORY_EXCEEDED  the limit of memory
//	DEPTH_EXCEEDED   the depth of calls, or of a native stack
//	LIMIT reason     another limit: output, quota, rate
//	REFUSED          not compiled, and said so
//	DENIED           a permission is missing, and the handler did not catch it
//	THROWN name      the handler threw
//	INVALID          no handler, or an input that is none
//	INTERNAL         the engine failed, and told nothing
//	value JSON       what the handler returned
//	answer status names   the same as HTTP: its status and the names of its fields
func (a *Attack) Expects(outcome string) bool {
	for _, e := range a.Expect {
		if start, cut := strings.CutSuffix(e, "…"); cut && strings.HasPrefix(outcome, start) {
			return true
		}
		if outcome == e || strings.HasPrefix(outcome, e+" ") {
			return true
		}
	}
	return false
}
