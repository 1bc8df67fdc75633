// Package jail takes away from a process what it does not need to compute: the
// file system, the network, other processes, its privileges, and every system
// call beside a short list. A process jails itself with [Enter], before it sees
// anything of a stranger's; who starts it prepares that with [Attributes].
//
// The layers are independent: each stops, by itself, most of what a guest that
// has escaped its engine could try. What a system does not have, or its kernel
// refuses, is in the [Report].
package jail

import (
	"strings"
	"time"
)

// Name names a layer.
type Name string

// The layers, in the order in which they are put on.
const (
	Limits     Name = "resource limits" // data, files, file sizes, core dumps; lower priority
	Namespaces Name = "namespaces"      // user, mount, network, process, IPC and host name
	Root       Name = "empty root"      // an empty, read-only file system
	Privileges Name = "no privileges"   // no capabilities, nothing gained by exec, nobody's user
	Landlock   Name = "landlock"        // no path, no TCP, no signal beyond itself
	Calls      Name = "system calls"    // a list of those that computing needs
)

// Layer is one layer and whether it holds.
type Layer struct {
	Name    Name
	Refused string // why it does not hold, empty when it does
	Detail  string // what it is made of here
}

// Report lists all layers of a process.
type Report []Layer

// Has reports whether one layer holds.
func (r Report) Has(n Name) bool {
	for _, l := range r {
		if l.Name == n {
			return l.Refused == ""
		}
	}
	return false
}

// Holds reports whether every layer does.
func (r Report) Holds() bool {
	for _, l := range r {
		if l.Refused != "" {
			return false
		}
	}
	return len(r) > 0
}

// String lists what does not hold, with the reasons; it is empty when everything
// does.
func (r Report) String() string {
	var b strings.Builder
	for _, l := range r {
		if l.Refused == "" {
			continue
		}
		if b.Len() > 0 {
			b.WriteString("; ")
		}
		b.WriteString(string(l.Name) + ": " + l.Refused)
	}
	return b.String()
}

// add notes a layer.
func (r *Report) add(n Name, detail string, err error) {
	l := Layer{Name: n, Detail: detail}
	if err != nil {
		l.Refused = err.Error()
	}
	*r = append(*r, l)
}

// Inside is what a process needs to know to jail itself.
type Inside struct {
	Memory     int64         // limit of its data, in bytes; not positive: unlimited
	CPU        time.Duration // that it may use in its life; not positive: unlimited
	Threads    int           // that it may have, where they can be counted apart from other processes'; 0: unlimited
	Files      int           // descriptors that it may have
	Keep       int           // the highest descriptor that was meant for it
	Nice       int           // how much its priority is lowered
	Namespaces string        // why it was started without namespaces; empty: it has them
	Parent     int           // process that started it; 0: unknown

	// MachineCode lets the process make memory executable until it calls [Seal]:
	// an engine that compiles to machine code needs that until it has compiled.
	MachineCode bool
}
