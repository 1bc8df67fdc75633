//go:build !linux

package jail

import "syscall"

// Attributes returns what a process is started with. This system has nothing
// that ends it with its parent.
func Attributes() *syscall.SysProcAttr { return nil }

// NewNamespaces does nothing: this system has none.
func NewNamespaces(*syscall.SysProcAttr) {}

// StartOrdinary does nothing: classes are not known here.
func StartOrdinary() {}

// Seal does nothing: there is no jail.
func Seal() error { return nil }

// Enter says that this system has none of the layers.
func Enter(Inside) Report {
	var r Report
	for _, n := range []Name{Limits, Namespaces, Root, Privileges, Landlock, Calls} {
		r = append(r, Layer{Name: n, Refused: "not on this system"})
	}
	return r
}
