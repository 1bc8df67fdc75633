package bridge

import (
	"context"
	"fmt"
	"time"

	"github.com/annexhost/annex/runtime/sandbox"
	"github.com/annexhost/annex/storage"
)

// Storage is the data of one extension in one organization. *storage.Space is
// one; its errors are those of package storage.
type Storage interface {
	Get(ctx context.Context, key string) ([]byte, error)
	GetMany(ctx context.Context, keys []string) ([][]byte, error) // nil for absent
	Set(ctx context.Context, key string, value []byte, expiresIn time.Duration) error
	SetMany(ctx context.Context, pairs []storage.Pair) error
	Delete(ctx context.Context, key string) error
	List(ctx context.Context, prefix, after string, limit int) ([]string, error)
	Modify(ctx context.Context, key string, f func(old []byte) ([]byte, error)) error
}

const (
	maxKey     = 256 // characters of a storage key
	maxBatch   = 100 // keys of one getMany or setMany
	maxList    = 1000
	maxExpires = 31_536_000 // seconds
)

// CheckKey returns an error of code Invalid unless a handler could use key.
func CheckKey(key string) error { return checkKey(key) }

// checkKey returns an error unless key is 1 to 256 characters of A-Za-z0-9._:/-.
func checkKey(key string) error {
	if key == "" {
		return storageInvalid("Key must be a non-empty string")
	}
	return checkPrefix(key)
}

// checkPrefix is checkKey for the start of a key, which may be empty.
func checkPrefix(prefix string) error {
	if len(prefix) > maxKey {
		return storageInvalid("Key too long: max 256 characters")
	}
	for i := range len(prefix) {
		switch c := prefix[i]; {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9':
		case c == '.', c == '_', c == ':', c == '/', c == '-':
		default:
			return storageInvalid("Key must only contain alphanumeric characters, dots, dashes, underscores, colons, and slashes")
		}
	}
	return nil
}

// checkKeys checks the keys of one batch.
func checkKeys(n int, key func(int) string) error {
	if n > maxBatch {
		return storageInvalid("Too many keys: %d (max %d in one call)", n, maxBatch)
	}
	for i := range n {
		if err := checkKey(key(i)); err != nil {
			return err
		}
	}
	return nil
}

// storageInvalid is an error with the class that BluePLM's storage has.
func storageInvalid(format string, args ...any) error {
	return &sandbox.Error{Code: sandbox.Invalid, Name: storageError, Message: fmt.Sprintf(format, args...)}
}

// withStorage makes the run of a method from one that needs the session's storage.
func withStorage[In, Out any](
	f func(ctx context.Context, s *Session, store Storage, in In) (Out, error),
) func(context.Context, *Session, In) (Out, error) {
	return func(ctx context.Context, s *Session, in In) (out Out, err error) {
		if s.c.Storage == nil {
			return out, unavailable("storage is not available here")
		}
		return f(ctx, s, s.c.Storage, in)
	}
}

// Texts that several methods of storage share.
const (
	keyDoc    = "1 to 256 characters of `A-Za-z0-9._:/-`."
	valueDoc  = "Any JSON value. Inside of it, JSON's own rules hold: `NaN` becomes `null`, `toJSON` is honoured, members that are undefined are left out."
	keyLimits = "Keys: 1 to 256 characters of `A-Za-z0-9._:/-`."
	setLimits = keyLimits + " Values: 102,400 bytes of JSON. 1,000 keys for each extension and organization."
)

var (
	badKey      = Failure{sandbox.Invalid, "the key is empty, too long, or has other characters"}
	badValue    = Failure{sandbox.Invalid, "the value is undefined, a function, a symbol, a BigInt, bytes, or has a cycle"}
	overQuota   = Failure{sandbox.Exhausted, "the value is too large, or there are too many keys"}
	noStorage   = Failure{sandbox.Unavailable, "the store cannot take the call now"}
	lostTheRace = Failure{sandbox.Conflict, "others changed the same key too many times in a row"}
)

func storageMethods() []Method {
	return []Method{
		storageGet(), storageSet(), storageDelete(), storageList(),
		storageGetMany(), storageSetMany(), storageCompareAndSet(), storageIncrement(),
	}
}
