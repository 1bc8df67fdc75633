//go:build cgo

package doctor

const builtWithCgo = true
