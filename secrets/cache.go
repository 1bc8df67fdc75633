package secrets

import (
	"bytes"
	"sync"
)

// maxCached is the most data keys held in memory, about 2 KiB each.
const maxCached = 1024

// keyCache holds unwrapped data keys. An entry answers for the wrapped bytes that
// it was made from and no others: whoever asks has just read them from the
// store, so a key that was destroyed or replaced, by this host or by another, is
// never used again.
type keyCache struct {
	mu      sync.Mutex
	entries map[Owner]cachedKey
}

type cachedKey struct {
	wrapped []byte
	key     sealingKey
}

func (c *keyCache) get(o Owner, wrapped []byte) (sealingKey, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	e, ok := c.entries[o]
	if !ok || !bytes.Equal(e.wrapped, wrapped) {
		return sealingKey{}, false
	}
	return e.key, true
}

func (c *keyCache) put(o Owner, wrapped []byte, key sealingKey) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.entries == nil {
		c.entries = make(map[Owner]cachedKey)
	}
	if _, ok := c.entries[o]; !ok && len(c.entries) >= maxCached {
		for victim := range c.entries { // any: maps are walked in random order
			delete(c.entries, victim)
			break
		}
	}
	c.entries[o] = cachedKey{bytes.Clone(wrapped), key}
}

func (c *keyCache) drop(o Owner) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.entries, o)
}
