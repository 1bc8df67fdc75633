package memstore

import (
	"fmt"
	"hash/maphash"
	"testing"

	"github.com/annexhost/annex/storage"
)

func (n *node) depth() int {
	if n == nil {
		return 0
	}
	return 1 + max(n.left.depth(), n.right.depth())
}

// check reports what is wrong with the order of the tree.
func (n *node) check(low, high storage.Key) error {
	if n == nil {
		return nil
	}
	if n.key <= low || high != "" && n.key >= high {
		return fmt.Errorf("key %q is not between %q and %q", n.key, low, high)
	}
	for _, child := range []*node{n.left, n.right} {
		if child != nil && above(child, n) {
			return fmt.Errorf("%q is below %q", child.key, n.key)
		}
	}
	if err := n.left.check(low, n.key); err != nil {
		return err
	}
	return n.right.check(n.key, high)
}

func TestTreeStaysShallowAndSnapshotsStay(t *testing.T) {
	const n = 10_000
	seed := maphash.MakeSeed()
	key := func(i int) storage.Key { return storage.Key(fmt.Sprintf("%06d", i)) }
	var root, half *node
	for i := range n { // in order: the worst case of a plain search tree
		root = root.insert(key(i), []byte("x"), maphash.String(seed, string(key(i))))
		if i == n/2-1 {
			half = root
		}
	}
	if got := root.depth(); got > 60 {
		t.Errorf("depth %d for %d keys in order", got, n)
	}
	full := root
	for i := 0; i < n; i += 2 {
		root = root.remove(key(i)).remove("absent")
	}
	for _, tree := range []struct {
		name string
		root *node
		keys int
	}{{"half", half, n / 2}, {"full", full, n}, {"after removals", root, n / 2}} {
		got := 0
		_ = tree.root.Walk("", "", func(storage.Key, func() ([]byte, error)) bool { got++; return true })
		if got != tree.keys {
			t.Errorf("%s: %d keys, want %d", tree.name, got, tree.keys)
		}
		if err := tree.root.check("", ""); err != nil {
			t.Errorf("%s: %v", tree.name, err)
		}
	}
}

func TestEqualPrioritiesAreNoDisaster(t *testing.T) {
	var root *node
	for _, key := range []storage.Key{"b", "a", "d", "c"} {
		root = root.insert(key, nil, 7)
	}
	if err := root.check("", ""); err != nil {
		t.Error(err)
	}
	for _, key := range []storage.Key{"a", "c", "b", "d"} {
		if root = root.remove(key); root.check("", "") != nil {
			t.Errorf("after removing %q: %v", key, root.check("", ""))
		}
	}
	if root != nil {
		t.Error("something is left")
	}
}
