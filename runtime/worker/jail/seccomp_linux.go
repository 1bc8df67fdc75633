//go:build linux && (amd64 || arm64)

package jail

import (
	"fmt"
	"os"
	"runtime"
	"unsafe"

	"golang.org/x/sys/unix"
)

// allowed are the system calls that Go needs to compute, to wait, to start
// threads, and to read and write sockets that are open.
var allowed = []uint32{
	unix.SYS_READ, unix.SYS_WRITE, unix.SYS_RECVMSG, unix.SYS_CLOSE,
	unix.SYS_MUNMAP, unix.SYS_MADVISE, unix.SYS_MREMAP, unix.SYS_BRK,
	unix.SYS_RT_SIGACTION, unix.SYS_RT_SIGPROCMASK, unix.SYS_RT_SIGRETURN, unix.SYS_SIGALTSTACK, unix.SYS_RESTART_SYSCALL,
	unix.SYS_NANOSLEEP, unix.SYS_CLOCK_NANOSLEEP, unix.SYS_SCHED_YIELD, unix.SYS_SCHED_GETAFFINITY,
	unix.SYS_CLOCK_GETTIME, unix.SYS_CLOCK_GETRES, unix.SYS_GETTIMEOFDAY, unix.SYS_GETRANDOM, unix.SYS_GETRUSAGE,
	unix.SYS_GETPID, unix.SYS_GETTID, unix.SYS_GETPPID, unix.SYS_SET_ROBUST_LIST, unix.SYS_RSEQ,
	unix.SYS_EPOLL_CREATE1, unix.SYS_EPOLL_CTL, unix.SYS_EPOLL_PWAIT, unix.SYS_EVENTFD2,
	unix.SYS_EXIT, unix.SYS_EXIT_GROUP,
}

// The offsets in what a filter sees: struct seccomp_data.
const (
	offsetCall = 0
	offsetArch = 4
	offsetArgs = 16 // each of 8 bytes, the lower half first
)

// rule is a call that is allowed when all conditions hold.
type rule struct {
	call uint32
	when []condition
}

// condition is that some bits of an argument, of its lower half, are one of
// several values.
type condition struct {
	argument int
	bits     uint32
	among    []uint32
}

const allBits = ^uint32(0)

// What the rules are about.
const (
	nameMemory    = 0x53564d41 // PR_SET_VMA: Go labels its memory
	newNamespaces = unix.CLONE_NEWNS | unix.CLONE_NEWCGROUP | unix.CLONE_NEWUTS | unix.CLONE_NEWIPC |
		unix.CLONE_NEWUSER | unix.CLONE_NEWPID | unix.CLONE_NEWNET

	// mapFlags are those of a mapping that counts against the limit of data:
	// nothing that is shared, grows downwards, is locked or has huge pages.
	mapFlags = unix.MAP_PRIVATE | unix.MAP_ANON | unix.MAP_FIXED | unix.MAP_FIXED_NOREPLACE | unix.MAP_NORESERVE | unix.MAP_STACK

	futexOperation = 0x7f // without the flags
)

// Operations of futexes: to wait and to wake. The others, among them those that
// hand on priorities, are not needed.
const (
	futexWait       = 0
	futexWake       = 1
	futexRequeue    = 3
	futexWaitBitset = 9
	futexWakeBitset = 10
)

// byArgument are the calls that are allowed with some arguments only.
func byArgument(pid uint32) []rule {
	none := []uint32{0}
	notExecutable := condition{2, unix.PROT_EXEC, none}
	return []rule{
		{unix.SYS_CLONE, []condition{{0, unix.CLONE_THREAD | newNamespaces, []uint32{unix.CLONE_THREAD}}}}, // a thread
		{unix.SYS_MMAP, []condition{notExecutable, {3, ^uint32(mapFlags), none}}},
		{unix.SYS_MPROTECT, []condition{notExecutable}},
		{unix.SYS_TGKILL, []condition{{0, allBits, []uint32{pid}}}}, // threads of this process
		{unix.SYS_PRCTL, []condition{{0, allBits, []uint32{nameMemory}}}},
		{unix.SYS_FCNTL, []condition{{1, allBits, []uint32{unix.F_GETFD, unix.F_GETFL}}}}, // no owner, to whom signals go
		{unix.SYS_FUTEX, []condition{{1, futexOperation, []uint32{futexWait, futexWake, futexRequeue, futexWaitBitset, futexWakeBitset}}}},
	}
}

// filterDetail says what the filter lets pass.
func filterDetail() string {
	return fmt.Sprintf("%d of the kernel's pass, %d others by their arguments", len(allowed)+len(allowedHere), len(byArgument(0)))
}

// filterCalls installs the filter on all threads. It carries no_new_privs to
// them too.
func filterCalls(machineCode bool) error {
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return fmt.Errorf("no_new_privs: %w", err)
	}
	filter := callFilter(uint32(os.Getpid()), machineCode)
	program := unix.SockFprog{Len: uint16(len(filter)), Filter: &filter[0]}
	bad, _, e := unix.Syscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, unix.SECCOMP_FILTER_FLAG_TSYNC, uintptr(unsafe.Pointer(&program)))
	runtime.KeepAlive(filter)
	if e != 0 {
		return fmt.Errorf("install the filter: %w", e)
	}
	if bad != 0 {
		return fmt.Errorf("install the filter: thread %d cannot have it", bad)
	}
	return nil
}

// callFilter is the filter for a process: what is not allowed fails with EPERM.
func callFilter(pid uint32, machineCode bool) []unix.SockFilter {
	b := filterBuilder{}
	b.load(offsetArch)
	b.unless(unix.BPF_JEQ, auditArch, unix.SECCOMP_RET_KILL_PROCESS)
	b.load(offsetCall)
	if runtime.GOARCH == "amd64" {
		const x32 = 0x40000000 // the same calls by other numbers
		b.when(unix.BPF_JGE, x32, unix.SECCOMP_RET_KILL_PROCESS)
	}
	for _, call := range append(allowed, allowedHere...) {
		b.when(unix.BPF_JEQ, call, unix.SECCOMP_RET_ALLOW)
	}
	// What a C library prefers to clone, whose arguments a filter cannot see,
	// does not exist.
	b.when(unix.BPF_JEQ, unix.SYS_CLONE3, unix.SECCOMP_RET_ERRNO|uint32(unix.ENOSYS))
	if machineCode {
		// Until [Seal] does away with it.
		b.when(unix.BPF_JEQ, unix.SYS_MMAP, unix.SECCOMP_RET_ALLOW)
		b.when(unix.BPF_JEQ, unix.SYS_MPROTECT, unix.SECCOMP_RET_ALLOW)
		b.when(unix.BPF_JEQ, unix.SYS_SECCOMP, unix.SECCOMP_RET_ALLOW)
		b.when(unix.BPF_JEQ, unix.SYS_PRCTL, unix.SECCOMP_RET_ALLOW)
	}
	for _, r := range byArgument(pid) {
		b.rule(r)
	}
	b.add(unix.BPF_RET|unix.BPF_K, unix.SECCOMP_RET_ERRNO|uint32(unix.EPERM), 0, 0)
	return b.filter
}

// filterBuilder writes a filter, an instruction after the other.
type filterBuilder struct{ filter []unix.SockFilter }

func (b *filterBuilder) add(code uint16, k uint32, yes, no uint8) {
	b.filter = append(b.filter, unix.SockFilter{Code: code, K: k, Jt: yes, Jf: no})
}

func (b *filterBuilder) load(offset uint32) {
	b.add(unix.BPF_LD|unix.BPF_W|unix.BPF_ABS, offset, 0, 0)
}

// when ends with a result if what was loaded compares to k.
func (b *filterBuilder) when(compare uint16, k, result uint32) {
	b.add(unix.BPF_JMP|compare|unix.BPF_K, k, 0, 1)
	b.add(unix.BPF_RET|unix.BPF_K, result, 0, 0)
}

// unless ends with a result if what was loaded does not compare to k.
func (b *filterBuilder) unless(compare uint16, k, result uint32) {
	b.add(unix.BPF_JMP|compare|unix.BPF_K, k, 1, 0)
	b.add(unix.BPF_RET|unix.BPF_K, result, 0, 0)
}

// rule allows a call whose arguments are as it says, and refuses any other.
func (b *filterBuilder) rule(r rule) {
	size := 1
	for _, c := range r.when {
		size += 3 + len(c.among)
	}
	b.add(unix.BPF_JMP|unix.BPF_JEQ|unix.BPF_K, r.call, 0, uint8(size))
	for _, c := range r.when {
		b.load(offsetArgs + 8*uint32(c.argument))
		b.add(unix.BPF_ALU|unix.BPF_AND|unix.BPF_K, c.bits, 0, 0)
		for i, value := range c.among {
			b.add(unix.BPF_JMP|unix.BPF_JEQ|unix.BPF_K, value, uint8(len(c.among)-i), 0)
		}
		b.add(unix.BPF_RET|unix.BPF_K, unix.SECCOMP_RET_ERRNO|uint32(unix.EPERM), 0, 0)
	}
	b.add(unix.BPF_RET|unix.BPF_K, unix.SECCOMP_RET_ALLOW, 0, 0)
}
