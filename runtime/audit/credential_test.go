package audit

import (
	"strings"
	"testing"
)

// A record says by what its actor was known: what stands in it, or else what the
// context has. Without one it is written as before there were any, so chains from
// then verify and go on.
func TestCredential(t *testing.T) {
	l := open(t, newStore(t))
	ctx := WithCredential(t.Context(), "token-1")
	for _, step := range []struct {
		rule string
		r    Record
		in   bool // the context that has one
		want string
	}{
		{"none", Record{Org: org, Actor: "ada", Action: "a"}, false, ""},
		{"the context's", Record{Org: org, Actor: "ada", Action: "b"}, true, "token-1"},
		{"the record's own", Record{Org: org, Actor: "ada", Action: "c", Credential: "token-2"}, true, "token-2"},
	} {
		c := t.Context()
		if step.in {
			c = ctx
		}
		if err := l.Append(c, step.r); err != nil {
			t.Fatal(err)
		}
		entries := read(t, l, org)
		last := entries[len(entries)-1]
		if last.Credential != step.want {
			t.Errorf("%s: %q, want %q", step.rule, last.Credential, step.want)
		}
		if said := strings.Contains(last.Text(), "credential="); said != (step.want != "") {
			t.Errorf("%s: %s", step.rule, last.Text())
		}
	}
	const before = `{"time":"2026-03-04T05:06:07.000008Z","org":"org-a","actor":"ada","action":"a"}`
	if got := string(read(t, l, org)[0].body); got != before {
		t.Errorf("without a credential: %s, want %s", got, before)
	}
	wantRight(t, l, org, 3)
	page, err := l.List(t.Context(), Query{Org: org, Limit: 10, Credential: "token-2"})
	if err != nil || len(page.Entries) != 1 || page.Entries[0].Action != "c" {
		t.Errorf("of token-2: %+v, %v", page.Entries, err)
	}
	if WithCredential(t.Context(), "") != t.Context() {
		t.Error("no credential makes a context of its own")
	}
}
