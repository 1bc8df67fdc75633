package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/annexhost/annex/storage"
)

// allPairs reads a whole store.
func allPairs(t *testing.T, store storage.Store) []storage.Pair {
	t.Helper()
	var all []storage.Pair
	for after := storage.Key(""); ; {
		page, err := store.Scan(t.Context(), "", after, 500)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, page...)
		if len(page) < 500 {
			return all
		}
		after = page[len(page)-1].Key
	}
}

// TestSealedDataThatIsMovedDoesNotOpen is who can write to the store, but has no
// key: each record of acme's secrets is put where globex's is, alone and all
// together, and globex's handler asks for it.
func TestSealedDataThatIsMovedDoesNotOpen(t *testing.T) {
	w := newTenants(t)
	if status, body := w.handler("globex/admin", "annex.vault", "keep", "token", "globex's own"); status != 200 || strings.Contains(body, "code") {
		t.Fatalf("%d %s", status, body)
	}
	store := w.host.State.Store
	before := allPairs(t, store)
	var sealed []storage.Pair
	for _, p := range before {
		if key := string(p.Key); strings.HasPrefix(key, "sec/") && strings.Contains(key, "/acme/") {
			sealed = append(sealed, storage.Pair{Key: storage.Key(strings.Replace(key, "acme", "globex", 1)), Value: p.Value})
		}
		if strings.HasPrefix(string(p.Key), "sec/") && strings.Contains(string(p.Value), canary) {
			t.Errorf("%s holds the secret in clear", p.Key)
		}
	}
	if len(sealed) < 2 {
		t.Fatalf("%d records of acme's secrets in the store, want a key and a value at least", len(sealed))
	}
	tries := [][]storage.Pair{sealed}
	for i := range sealed {
		tries = append(tries, sealed[i:i+1])
	}
	for _, moved := range tries {
		write(t, store, moved)
		for _, name := range []string{"token", "other"} {
			_, got := w.handler("globex/admin", "annex.vault", "secret", name)
			if strings.Contains(got, canary) {
				t.Errorf("with acme's %s in its place, globex reads: %s", moved[0].Key, got)
			}
		}
		var back []storage.Pair
		for _, p := range moved {
			if i := slices.IndexFunc(before, func(old storage.Pair) bool { return old.Key == p.Key }); i >= 0 {
				back = append(back, before[i])
			}
		}
		write(t, store, back)
	}
	if _, got := w.handler("globex/admin", "annex.vault", "secret", "token"); got != `{"value":"globex's own"}` {
		t.Errorf("with everything in its place: %s", got)
	}
}

func write(t *testing.T, store storage.Store, pairs []storage.Pair) {
	t.Helper()
	err := store.Update(context.Background(), func(tx storage.Tx) error {
		for _, p := range pairs {
			if err := tx.Put(p.Key, p.Value); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestTimesOfAnswersTellNothing measures, in turns, how long it takes to be told
// that something is not there: what exists for another organization, and what
// exists nowhere. The texts are compared elsewhere; the bounds here are wide,
// because other programs run on the machine: they find a look-up, a
// decryption or a sleep on one side, not a cache line.
func TestTimesOfAnswersTellNothing(t *testing.T) {
	w := newTenants(t)
	for _, p := range []struct{ rule, method, theirs, nobodys string }{
		{"an extension", "POST", "/extensions/annex.private/do", "/extensions/annex.nothere/do"},
		{"a short name", "POST", "/extensions/private/do", "/extensions/nothere/do"},
		{"an organization", "GET", "/admin/v1/orgs/acme/extensions", "/admin/v1/orgs/nobody/extensions"},
		{"a token of another", "DELETE", "/admin/v1/orgs/~/tokens/" + w.ids["token"], "/admin/v1/orgs/~/tokens/0123456789abcdef"},
		{"a public address but for its last letter", "POST", "/public/" + besides(w.door) + "/open", "/public/" + strings.Repeat("a", len(w.door)) + "/open"},
	} {
		why := ""
		for range 3 { // what the machine did for one side is not there again
			if why = w.differ(p.method, p.theirs, p.nobodys); why == "" {
				break
			}
		}
		if why != "" {
			t.Errorf("%s: %s", p.rule, why)
		}
	}
}

// differ says how the times of two answers differ, if they do.
func (w *tenants) differ(method, one, other string) string {
	const rounds, warm = 300, 20
	var theirs, nobodys []time.Duration
	for i := range rounds + warm {
		a := w.timed(method, one)
		b := w.timed(method, other)
		if i >= warm {
			theirs, nobodys = append(theirs, a), append(nobodys, b)
		}
	}
	a, b := median(theirs), median(nobodys)
	if d := max(a, b) - min(a, b); d <= min(a, b)/2+200*time.Microsecond {
		return ""
	}
	return fmt.Sprintf("%v when it is another's, %v when it is nobody's", a, b)
}

// besides returns token with another last letter.
func besides(token string) string {
	last := "_"
	if strings.HasSuffix(token, last) {
		last = "a"
	}
	return token[:len(token)-1] + last
}

func (w *tenants) timed(method, path string) time.Duration {
	began := time.Now()
	w.send("globex/admin", method, path, nil, nil)
	return time.Since(began)
}

func median(all []time.Duration) time.Duration {
	slices.Sort(all)
	return all[len(all)/2]
}
