package pack

import (
	"path/filepath"
	"testing"
)

// The rules refuse no archive that a usual program makes: Info-ZIP 3.0 and jar
// of OpenJDK, Python's zipfile, and JSZip with and without descriptors packed
// the same two files.
func TestArchivesOfUsualPrograms(t *testing.T) {
	names, err := filepath.Glob("testdata/tools/*.bpx")
	if err != nil || len(names) != 5 {
		t.Fatalf("%d archives, %v; want 5", len(names), err)
	}
	const digest = "6763c81c170c22ab4b6b1357af55ca3f5c77189dddea8fb94c078cef6911548a"
	for _, name := range names {
		p, err := Open(name, Options{})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if p.Digest != digest {
			t.Errorf("%s: other contents:\n%s", name, p.Canonical())
		}
	}
}
