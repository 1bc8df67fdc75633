package wasm

import (
	"bytes"
	"context"
	"io"
	"reflect"
	"sync"
	"unsafe"

	"github.com/tetratelabs/wazero"
)

// Cache keeps compiled code. Several engines may share one.
type Cache struct {
	compilation wazero.CompilationCache
	entries     *entries // nil: wazero has no place for them
}

// NewCache returns a cache in memory.
func NewCache() *Cache {
	c := &Cache{compilation: wazero.NewCompilationCache(), entries: &entries{}}
	// wazero writes what it has compiled to a directory, or nowhere. A worker has
	// no directories, and what the host keeps it wants to check itself: so the
	// place of the directory is taken here. Without it code is compiled anew.
	place := reflect.ValueOf(c.compilation).Elem().FieldByName("fileCache")
	if !place.IsValid() || place.Kind() != reflect.Interface || !reflect.TypeOf(c.entries).Implements(place.Type()) {
		c.entries = nil
		return c
	}
	reflect.NewAt(place.Type(), unsafe.Pointer(place.UnsafeAddr())).Elem().Set(reflect.ValueOf(c.entries))
	return c
}

// entries is where the engines of a configuration find what was compiled before;
// nil: nowhere.
func (c Config) entries() *entries {
	if c.Cache == nil {
		return nil
	}
	return c.Cache.entries
}

// Close lets go of the code. Engines must be closed before.
func (c *Cache) Close() error { return c.compilation.Close(context.Background()) }

// entries is compiled code by wazero's keys, on its way from one process to
// another. What is added is kept only while somebody collects it.
type entries struct {
	mu      sync.Mutex
	collect bool
	used    func() // for tests: told of each that was found
	code    map[[32]byte][]byte
}

// Get, Add and Delete are what wazero asks of a place.
func (e *entries) Get(key [32]byte) (io.ReadCloser, bool, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	data, ok := e.code[key]
	if ok && e.used != nil {
		e.used()
	}
	return io.NopCloser(bytes.NewReader(data)), ok, nil
}

// Add keeps code if it is being collected.
func (e *entries) Add(key [32]byte, content io.Reader) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if !e.collect {
		return nil
	}
	data, err := io.ReadAll(content)
	if err == nil {
		e.code[key] = data
	}
	return err
}

// Delete forgets code.
func (e *entries) Delete(key [32]byte) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	delete(e.code, key)
	return nil
}

// load has the code that wazero is given from now on; nil: none.
func (e *entries) load(code map[[32]byte][]byte) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.code = code
}
