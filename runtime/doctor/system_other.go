//go:build !linux

package doctor

// What is looked at on Linux has no counterpart here that could be read without
// privileges.

func kernel() string                          { return "" }
func clockSynchronized() (synced, known bool) { return false, false }
func resources() []Finding                    { return nil }
