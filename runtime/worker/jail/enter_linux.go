package jail

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"syscall"

	"github.com/landlock-lsm/go-landlock/landlock"
	"golang.org/x/sys/unix"
)

// Enter jails the process, all threads of it, for good. What could not be done
// is in the report; the rest was done all the same. The caller is locked to a
// thread that lives as long as the process.
func Enter(in Inside) Report {
	var r Report
	r.add(Limits, fmt.Sprintf("data %s, %d files, no file size, no core dump, lower priority", amount(in.Memory), in.Files), limit(in))
	r.add(Namespaces, "user, mount, network, process, IPC, host name", reason(in.Namespaces))
	r.add(Root, "read-only, nothing in it", emptyRoot(in.Namespaces == ""))
	r.add(Privileges, "no_new_privs, no capabilities, not dumpable", dropPrivileges(in.Parent))
	r.add(Landlock, landlockDetail(), restrictPaths())
	r.add(Calls, filterDetail(), filterCalls(in.MachineCode))
	return r
}

func amount(bytes int64) string {
	if bytes <= 0 {
		return "unlimited"
	}
	return fmt.Sprintf("%d MiB", bytes>>20)
}

func landlockDetail() string {
	version, err := landlockVersion()
	if err != nil {
		return ""
	}
	return fmt.Sprintf("version %d of the kernel's interface: no path, no port", version)
}

// Seal takes from a process that entered with MachineCode what it had beyond the
// others: from here on no memory becomes executable.
func Seal() error { return filterCalls(false) }

func reason(refused string) error {
	if refused == "" {
		return nil
	}
	return errors.New(refused)
}

// limit sets the resource limits and a lower priority, and closes what was
// inherited by mistake: the descriptors of the process itself are closed when
// it executes another program, so these are not.
func limit(in Inside) error {
	for _, l := range []struct {
		what     string
		resource int
		max      uint64
	}{
		{"data", unix.RLIMIT_DATA, uint64(max(in.Memory, 0))},
		{"CPU time", unix.RLIMIT_CPU, uint64(max(in.CPU.Seconds(), 0))},
	} {
		if l.max == 0 {
			continue
		}
		if err := unix.Setrlimit(l.resource, &unix.Rlimit{Cur: l.max, Max: l.max}); err != nil {
			return fmt.Errorf("limit of %s: %w", l.what, err)
		}
	}
	files := uint64(in.Files)
	for resource, most := range map[int]uint64{
		unix.RLIMIT_NOFILE: files, unix.RLIMIT_FSIZE: 0, unix.RLIMIT_CORE: 0, unix.RLIMIT_MEMLOCK: 0, unix.RLIMIT_MSGQUEUE: 0,
	} {
		// Through the system call: the standard library keeps a limit of files of its own.
		if err := unix.Prlimit(0, resource, &unix.Rlimit{Cur: most, Max: most}, nil); err != nil {
			return fmt.Errorf("limit %d: %w", resource, err)
		}
	}
	if err := limitThreads(in); err != nil {
		return fmt.Errorf("threads: %w", err)
	}
	if err := lowerPriority(in.Nice); err != nil {
		return fmt.Errorf("priority: %w", err)
	}
	return closeInherited(in.Keep)
}

// limitThreads bounds threads where the kernel counts them for each user
// namespace (Linux 5.14). Elsewhere it counts all processes of the user, and a
// bound would be hit by those of others.
func limitThreads(in Inside) error {
	if in.Threads == 0 || in.Namespaces != "" || !kernelAtLeast(5, 14) {
		return nil
	}
	most := uint64(in.Threads)
	return unix.Prlimit(0, unix.RLIMIT_NPROC, &unix.Rlimit{Cur: most, Max: most}, nil)
}

func kernelAtLeast(major, minor int) bool {
	var name unix.Utsname
	if unix.Uname(&name) != nil {
		return false
	}
	var haveMajor, haveMinor int
	if _, err := fmt.Sscanf(unix.ByteSliceToString(name.Release[:]), "%d.%d", &haveMajor, &haveMinor); err != nil {
		return false
	}
	return haveMajor > major || haveMajor == major && haveMinor >= minor
}

// lowerPriority lowers the priority of every thread: a process group of one
// process.
func lowerPriority(by int) error {
	const offset = 20 // the system call counts from the other end
	now, err := unix.Getpriority(unix.PRIO_PROCESS, 0)
	if err != nil {
		return err
	}
	return unix.Setpriority(unix.PRIO_PGRP, 0, min(offset-now+by, 19))
}

// closeInherited closes the descriptors above keep that another program would
// inherit too.
func closeInherited(keep int) error {
	list, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		return fmt.Errorf("inherited files: %w", err)
	}
	for _, entry := range list {
		fd, err := strconv.Atoi(entry.Name())
		if err != nil || fd <= keep {
			continue
		}
		flags, err := unix.FcntlInt(uintptr(fd), unix.F_GETFD, 0)
		if err == nil && flags&unix.FD_CLOEXEC == 0 {
			_ = unix.Close(fd)
		}
	}
	return nil
}

// emptyRoot makes a directory with nothing in it the root, in a mount namespace
// of the process's own, and lets go of the old one.
func emptyRoot(own bool) error {
	if !own {
		return errors.New("needs namespaces")
	}
	const on = "/proc" // there is one, or nothing would have been started
	steps := []struct {
		what string
		do   func() error
	}{
		{"make mounts private", func() error { return unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, "") }},
		{"mount", func() error {
			return unix.Mount("annex", on, "tmpfs", unix.MS_NOSUID|unix.MS_NODEV|unix.MS_NOEXEC, "size=4k,nr_inodes=2,mode=555")
		}},
		{"enter", func() error { return unix.Chdir(on) }},
		{"pivot", func() error { return unix.PivotRoot(".", ".") }},
		{"unmount", func() error { return unix.Unmount(".", unix.MNT_DETACH) }},
		{"go to the root", func() error { return unix.Chdir("/") }},
		{"make it read-only", func() error {
			return unix.Mount("", "/", "", unix.MS_REMOUNT|unix.MS_BIND|unix.MS_RDONLY|unix.MS_NOSUID|unix.MS_NODEV|unix.MS_NOEXEC, "")
		}},
	}
	for _, s := range steps {
		if err := s.do(); err != nil {
			return fmt.Errorf("%s: %w", s.what, err)
		}
	}
	return nil
}

// dropPrivileges makes root nobody, and leaves nobody a capability, nor a way to
// one.
func dropPrivileges(parent int) error {
	if _, _, e := allThreads(unix.SYS_PRCTL, unix.PR_SET_NO_NEW_PRIVS, 1, 0); e != 0 {
		return fmt.Errorf("no_new_privs: %w", e)
	}
	if os.Geteuid() == 0 {
		if err := becomeNobody(); err != nil {
			return err
		}
	}
	if err := dropCapabilities(); err != nil {
		return fmt.Errorf("capabilities: %w", err)
	}
	if err := unix.Prctl(unix.PR_SET_DUMPABLE, 0, 0, 0, 0); err != nil {
		return fmt.Errorf("dumpable: %w", err)
	}
	// Another user is another child: what shall end it is forgotten.
	if err := unix.Prctl(unix.PR_SET_PDEATHSIG, uintptr(unix.SIGKILL), 0, 0, 0); err != nil {
		return fmt.Errorf("parent-death signal: %w", err)
	}
	if now := os.Getppid(); now != 0 && parent != 0 && now != parent {
		os.Exit(1) // the host ended in the meantime
	}
	return nil
}

// becomeNobody changes the user, where there is another one to be: not in a
// user namespace that has only one.
func becomeNobody() error {
	if err := syscall.Setgroups(nil); err != nil && !errors.Is(err, unix.EPERM) {
		return fmt.Errorf("groups: %w", err)
	}
	if err := syscall.Setresgid(nobody, nobody, nobody); err != nil {
		if errors.Is(err, unix.EINVAL) {
			return nil
		}
		return fmt.Errorf("group: %w", err)
	}
	if err := syscall.Setresuid(nobody, nobody, nobody); err != nil {
		return fmt.Errorf("user: %w", err)
	}
	return nil
}

// restrictPaths lets landlock refuse every path, every port and everything that
// leads to a process outside.
func restrictPaths() error {
	if !landlockWorks {
		return errors.New("the program was built with cgo, which landlock's library cannot be used with in an empty root")
	}
	version, err := landlockVersion()
	if err != nil {
		return err
	}
	// A kernel that knows fewer kinds of access refuses those that it knows.
	if err := landlock.V11.BestEffort().Restrict(); err != nil {
		return err
	}
	if version < 1 {
		return errors.New("the kernel has none")
	}
	return nil
}

// landlockVersion asks the kernel what it knows.
func landlockVersion() (int, error) {
	const askVersion = 1
	v, _, e := unix.Syscall(unix.SYS_LANDLOCK_CREATE_RULESET, 0, 0, askVersion)
	if e != 0 {
		return 0, fmt.Errorf("the kernel has none: %w", e)
	}
	return int(v), nil
}
