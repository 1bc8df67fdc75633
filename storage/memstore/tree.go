package memstore

import (
	"strings"

	"github.com/annexhost/annex/storage"
)

// node is the root of a treap: a search tree by key and a heap by priority.
// The priority is a hash of the key, so the expected depth is logarithmic
// whatever the order of insertion. Nodes never change: insert and remove copy
// the path to the root, so a root is a snapshot. A nil node is the empty tree.
type node struct {
	key         storage.Key
	value       []byte // never changed
	priority    uint64
	left, right *node
}

// insert returns the tree with key set to value.
func (n *node) insert(key storage.Key, value []byte, priority uint64) *node {
	if n == nil {
		return &node{key: key, value: value, priority: priority}
	}
	c := *n
	switch {
	case key == n.key:
		c.value = value
	case key < n.key:
		c.left = n.left.insert(key, value, priority)
		if above(c.left, &c) {
			top := c.left // fresh: it may be changed
			c.left, top.right = top.right, &c
			return top
		}
	default:
		c.right = n.right.insert(key, value, priority)
		if above(c.right, &c) {
			top := c.right
			c.right, top.left = top.left, &c
			return top
		}
	}
	return &c
}

// remove returns the tree without key.
func (n *node) remove(key storage.Key) *node {
	switch {
	case n == nil:
		return nil
	case key == n.key:
		return join(n.left, n.right)
	}
	c := *n
	if key < n.key {
		c.left = n.left.remove(key)
	} else {
		c.right = n.right.remove(key)
	}
	return &c
}

// join returns the tree of l and r, all of whose keys are greater than those of l.
func join(l, r *node) *node {
	switch {
	case l == nil:
		return r
	case r == nil:
		return l
	case above(l, r):
		c := *l
		c.right = join(l.right, r)
		return &c
	default:
		c := *r
		c.left = join(l, r.left)
		return &c
	}
}

// above reports whether a belongs above b. Equal hashes are ordered by key.
func above(a, b *node) bool {
	return a.priority > b.priority || a.priority == b.priority && a.key < b.key
}

// Get implements [optimistic.State].
func (n *node) Get(key storage.Key) ([]byte, error) {
	for n != nil {
		switch {
		case key == n.key:
			return append([]byte{}, n.value...), nil
		case key < n.key:
			n = n.left
		default:
			n = n.right
		}
	}
	return nil, storage.ErrNotFound
}

// Walk implements [optimistic.State].
func (n *node) Walk(prefix, after storage.Key, visit func(storage.Key, func() ([]byte, error)) bool) error {
	n.walk(prefix, after, visit)
	return nil
}

// walk reports whether to go on.
func (n *node) walk(prefix, after storage.Key, visit func(storage.Key, func() ([]byte, error)) bool) bool {
	if n == nil {
		return true
	}
	if n.key > after && n.key >= prefix && !n.left.walk(prefix, after, visit) {
		return false
	}
	if n.key > after && strings.HasPrefix(string(n.key), string(prefix)) {
		if !visit(n.key, func() ([]byte, error) { return append([]byte{}, n.value...), nil }) {
			return false
		}
	}
	if n.key > prefix && !strings.HasPrefix(string(n.key), string(prefix)) {
		return true // behind the prefix, and so is all to the right
	}
	return n.right.walk(prefix, after, visit)
}
