//go:build cgo

package worker

// stacks is the room for the stacks of threads: a C library gives each 8 MiB of
// addresses, which count as data whether they are used or not.
const stacks = 32 * 8 << 20
