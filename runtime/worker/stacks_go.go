//go:build !cgo

package worker

// stacks is the room for the stacks of threads: they are in Go's heap.
const stacks = 0
