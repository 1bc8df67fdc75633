package wasm

import (
	"context"

	"github.com/tetratelabs/wazero"
)

// Cache keeps compiled code. Several engines may share one.
type Cache struct {
	compilation wazero.CompilationCache
}

// NewCache returns a cache in memory.
func NewCache() *Cache { return &Cache{compilation: wazero.NewCompilationCache()} }

// Close lets go of the code. Engines must be closed before.
func (c *Cache) Close() error { return c.compilation.Close(context.Background()) }
