//go:build !linux

package jail

import "syscall"

// Prepare returns the attributes with which a process is started.
func Prepare(bool) *syscall.SysProcAttr { return nil }

// Enter jails the process as far as this system can.
func Enter(Inside) Report {
	var r Report
	for _, n := range []Name{Limits, Namespaces, Root, Privileges, Landlock, Calls} {
		r = append(r, Layer{Name: n, Refused: "not available on this system"})
	}
	return r
}
