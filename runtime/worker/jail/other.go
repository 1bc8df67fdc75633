//go:build !linux

package jail

import (
	"errors"
	"syscall"
)

// Attributes returns what a process is started with. This system has nothing
// that ends it with its parent.
func Attributes() *syscall.SysProcAttr { return nil }

// NewNamespaces does nothing: this system has none.
func NewNamespaces(*syscall.SysProcAttr) {}

// StartOrdinary does nothing: classes are not known here.
func StartOrdinary() {}

// Seal does nothing: there is no jail.
func Seal() error { return nil }

const notHere = "not on this system"

// Enter sets the resource limits that this system has. It has none of the other
// layers, which the report says.
func Enter(in Inside) Report {
	var r Report
	r.add(Limits, limitsDetail(in), limit(in))
	for _, n := range []Name{Namespaces, Root, Privileges, Landlock, Calls} {
		r.add(n, "", errors.New(notHere))
	}
	return r
}
