package audit

import (
	"bytes"
	"context"
	"fmt"
	"testing"
)

// FuzzVerifyExport reads whatever may be in place of an export. One that is
// found right under the host's key has all entries that were exported.
func FuzzVerifyExport(f *testing.F) {
	l, err := Open(newStore(f), []byte("a key of 32 bytes, for this test"), nil)
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { l.Close(context.Background()) })
	const entries = 4
	for i := range entries {
		if err := l.Append(f.Context(), Record{Org: org, Action: "secret.read", Target: fmt.Sprint("k", i)}); err != nil {
			f.Fatal(err)
		}
	}
	var out bytes.Buffer
	if _, err := l.ExportSigned(f.Context(), &out, org); err != nil {
		f.Fatal(err)
	}
	good := out.Bytes()
	f.Add(good)
	f.Add(good[:len(good)/2])
	f.Add(bytes.Replace(good, []byte(`"seq":2`), []byte(`"seq":3`), 1))
	f.Add([]byte("{}\n{}\n"))
	key := l.PublicKey()
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := VerifyExport(bytes.NewReader(data), key, nil)
		if err != nil {
			t.Fatal(err)
		}
		if r.FirstBad == nil && (r.Entries != entries || r.Org != org) {
			t.Fatalf("found right, with %d entries of %q", r.Entries, r.Org)
		}
		if _, err := VerifyExport(bytes.NewReader(data), nil, r.Checkpoints); err != nil {
			t.Fatal(err)
		}
	})
}
