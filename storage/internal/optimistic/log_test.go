package optimistic

import (
	"fmt"
	"testing"

	"github.com/annexhost/annex/storage"
)

func writes(keys ...storage.Key) map[storage.Key]Write {
	m := map[storage.Key]Write{}
	for _, key := range keys {
		m[key] = Write{}
	}
	return m
}

func TestConflicts(t *testing.T) {
	var log Log
	log.Add(5, writes("a/1", "b"))
	log.Add(6, writes("a/7"))
	log.Add(6, writes("c"))
	log.Add(8, writes("b"))

	for _, test := range []struct {
		rule  string
		at    uint64
		reads Reads
		want  bool
	}{
		{"nothing was read", 0, Reads{}, false},
		{"a key that nobody wrote", 0, Reads{keys: []storage.Key{"z"}}, false},
		{"a key written later", 4, Reads{keys: []storage.Key{"z", "a/1"}}, true},
		{"a key written in the commit that was read", 5, Reads{keys: []storage.Key{"a/1"}}, false},
		{"a key written again", 6, Reads{keys: []storage.Key{"b"}}, true},
		{"the second transaction of a commit", 5, Reads{keys: []storage.Key{"c"}}, true},
		{"a range with a later key", 5, Reads{ranges: []Range{{Prefix: "a/", Open: true}}}, true},
		{"a range whose keys were there already", 6, Reads{ranges: []Range{{Prefix: "a/", Open: true}}}, false},
		{"a range that ends before the later key", 5, Reads{ranges: []Range{{Prefix: "a/", Last: "a/6"}}}, false},
		{"a range that ends with the later key", 5, Reads{ranges: []Range{{Prefix: "a/", Last: "a/7"}}}, true},
		{"a range that begins with the later key", 5, Reads{ranges: []Range{{Prefix: "a/", After: "a/7", Open: true}}}, false},
		{"a range of everything", 7, Reads{ranges: []Range{{Open: true}}}, true},
	} {
		if got := log.Conflicts(test.at, &test.reads); got != test.want {
			t.Errorf("%s: got %t, want %t", test.rule, got, test.want)
		}
	}
}

func TestForget(t *testing.T) {
	var log Log
	log.Add(1, writes("a", "b"))
	log.Add(2, writes("b"))
	log.Forget(1)
	if !log.Conflicts(1, &Reads{keys: []storage.Key{"b"}}) {
		t.Error("forgot a key that a later commit wrote again")
	}
	if log.Conflicts(1, &Reads{keys: []storage.Key{"a"}}) {
		t.Error("a forgotten key conflicts")
	}
	log.Forget(2)
	if log.keys != 0 || len(log.last) != 0 || len(log.commits) != 0 {
		t.Errorf("something is left: %+v", log)
	}
}

func TestLogIsBounded(t *testing.T) {
	var log Log
	const each = 1000
	n := uint64(maxLogKeys/each + 10)
	for at := uint64(1); at <= n; at++ {
		var keys []storage.Key
		for i := range each {
			keys = append(keys, storage.Key(fmt.Sprintf("%d/%d", at, i)))
		}
		log.Add(at, writes(keys...))
	}
	if log.keys > maxLogKeys || len(log.last) != log.keys {
		t.Errorf("the log holds %d keys (%d in its index), want at most %d", log.keys, len(log.last), maxLogKeys)
	}
	stranger := &Reads{keys: []storage.Key{"stranger"}}
	if !log.Conflicts(1, stranger) {
		t.Error("a transaction older than the log is taken to be without conflict")
	}
	if log.Conflicts(n, stranger) || log.Conflicts(log.floor, stranger) {
		t.Error("a transaction of which everything is known conflicts")
	}
	if log.Conflicts(0, &Reads{}) {
		t.Error("a transaction that read nothing conflicts")
	}
}
