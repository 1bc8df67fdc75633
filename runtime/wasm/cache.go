package wasm

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
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

var errCompiled = errors.New("wasm: compiled code is damaged")

// encode writes all entries: each a key, a length and the code.
func (e *entries) encode() []byte {
	e.mu.Lock()
	defer e.mu.Unlock()
	var out []byte
	for key, code := range e.code {
		out = binary.LittleEndian.AppendUint64(append(out, key[:]...), uint64(len(code)))
		out = append(out, code...)
	}
	return out
}

// load puts in their place what encode has written.
func (e *entries) load(data []byte) error {
	code := map[[32]byte][]byte{}
	for len(data) > 0 {
		if len(data) < 40 {
			return errCompiled
		}
		n := binary.LittleEndian.Uint64(data[32:])
		if n > uint64(len(data)-40) {
			return errCompiled
		}
		code[[32]byte(data)] = data[40 : 40+n]
		data = data[40+n:]
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.code = code
	return nil
}
