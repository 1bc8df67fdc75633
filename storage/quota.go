package storage

import "fmt"

// Usage is what a [Space] holds.
type Usage struct {
	Keys  int   // keys, with those that have expired and were not swept yet
	Bytes int64 // of keys and values
}

// Quota names what a [QuotaError] is about.
type Quota string

// The quotas of a [Space].
const (
	QuotaKeys  Quota = "keys"  // how many keys there are
	QuotaValue Quota = "value" // bytes of one value
)

// QuotaError says that a write would have gone over a quota. Nothing was written.
type QuotaError struct {
	Quota Quota
	Limit int // the most there may be
	Used  int // what the write would have made it
}

// Error returns the text that extensions know.
func (e *QuotaError) Error() string {
	if e.Quota == QuotaValue {
		return fmt.Sprintf("Value too large: %d bytes (max %d bytes)", e.Used, e.Limit)
	}
	return fmt.Sprintf("Storage limit exceeded: maximum %d keys per extension", e.Limit)
}
