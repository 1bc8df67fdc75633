package jail

import (
	"os"
	"syscall"

	"golang.org/x/sys/unix"
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

// StartOrdinary makes what the calling thread starts from now on an ordinary
// process, although the thread may have a real-time class or a raised priority:
// a guest in a loop would starve everybody else.
func StartOrdinary() {
	class, err := unix.SchedGetAttr(0, 0)
	if err != nil {
		return // a kernel without classes
	}
	class.Flags |= unix.SCHED_FLAG_RESET_ON_FORK
	_ = unix.SchedSetAttr(0, class, 0) // a system that refuses this has no such class to give
}
