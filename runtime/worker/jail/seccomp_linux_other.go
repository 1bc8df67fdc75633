//go:build linux && !amd64 && !arm64

package jail

import "errors"

func filterDetail() string { return "" }

// filterCalls fails: a filter is written for one set of system calls.
func filterCalls(bool) error { return errors.New("there is no filter for this architecture") }
