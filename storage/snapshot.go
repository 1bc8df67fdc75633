package storage

import "context"

// Snapshotter is a [Store] that can hold one of its states for as long as somebody
// reads it, such as for a backup. Both stores of this repository are.
type Snapshotter interface {
	// Snapshot returns the newest state. It costs nothing to hold but the room of
	// what is overwritten meanwhile, and must be closed.
	Snapshot() (Snapshot, error)
}

// Snapshot is one state, which does not change. It is safe for concurrent use.
// When its store is closed, its calls fail with [ErrClosed].
type Snapshot interface {
	Reader

	// Walk calls visit for each pair whose key starts with prefix and is greater
	// than after, in key order. It returns the first error, of visit or of ctx.
	Walk(ctx context.Context, prefix, after Key, visit func(Pair) error) error

	// Close lets the state go. Closing again does nothing.
	Close()
}
