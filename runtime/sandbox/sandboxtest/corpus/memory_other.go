//go:build !linux

package corpus

// residentMemory is not known here.
func residentMemory() int64 { return 0 }

// limitMemory does nothing here.
func limitMemory(uint64) {}
