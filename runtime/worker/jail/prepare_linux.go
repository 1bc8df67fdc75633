package jail

import (
	"os"
	"syscall"
)

// nobody is the user and group that a jailed process is, inside of its
// namespace and, when root has started it, outside too.
const nobody = 65534

// namespaces are the ones that a jailed process has to itself.
const namespaces = syscall.CLONE_NEWUSER | syscall.CLONE_NEWNS | syscall.CLONE_NEWNET |
	syscall.CLONE_NEWPID | syscall.CLONE_NEWIPC | syscall.CLONE_NEWUTS

// Attributes returns what a process is started with that shall end when the
// thread ends that starts it.
func Attributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}

// NewNamespaces adds namespaces of the process's own. A kernel may refuse them
// when the process is started.
func NewNamespaces(a *syscall.SysProcAttr) {
	a.Cloneflags = namespaces
	a.UidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Geteuid(), Size: 1}}
	a.GidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getegid(), Size: 1}}
	if os.Geteuid() != 0 {
		return
	}
	other := syscall.SysProcIDMap{ContainerID: nobody, HostID: nobody, Size: 1}
	a.UidMappings = append(a.UidMappings, other)
	a.GidMappings = append(a.GidMappings, other)
	a.GidMappingsEnableSetgroups = true
}
