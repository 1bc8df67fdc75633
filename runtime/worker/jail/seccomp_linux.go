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
	unix.SYS_READ, unix.SYS_WRITE, unix.SYS_RECVMSG, unix.SYS_CLOSE, unix.SYS_FCNTL,
	unix.SYS_MUNMAP, unix.SYS_MADVISE, unix.SYS_MREMAP, unix.SYS_BRK, unix.SYS_MINCORE,
	unix.SYS_RT_SIGACTION, unix.SYS_RT_SIGPROCMASK, unix.SYS_RT_SIGRETURN, unix.SYS_SIGALTSTACK, unix.SYS_RESTART_SYSCALL,
	unix.SYS_FUTEX, unix.SYS_NANOSLEEP, unix.SYS_CLOCK_NANOSLEEP, unix.SYS_SCHED_YIELD, unix.SYS_SCHED_GETAFFINITY,
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

// nameMemory is the option of prctl with which Go labels its memory.
const nameMemory = 0x53564d41 // PR_SET_VMA

// filterDetail says what the filter lets pass.
func filterDetail() string {
	return fmt.Sprintf("%d of the kernel's pass, a few others by their arguments", len(allowed)+len(allowedHere))
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
	// A new thread is allowed, a new process is not. What a C library prefers,
	// whose arguments a filter cannot see, does not exist.
	b.whenArgument(unix.SYS_CLONE, 0, unix.BPF_JSET, unix.CLONE_THREAD)
	b.when(unix.BPF_JEQ, unix.SYS_CLONE3, unix.SECCOMP_RET_ERRNO|uint32(unix.ENOSYS))
	if machineCode {
		// Until [Seal] does away with it.
		b.when(unix.BPF_JEQ, unix.SYS_MMAP, unix.SECCOMP_RET_ALLOW)
		b.when(unix.BPF_JEQ, unix.SYS_MPROTECT, unix.SECCOMP_RET_ALLOW)
		b.when(unix.BPF_JEQ, unix.SYS_SECCOMP, unix.SECCOMP_RET_ALLOW)
		b.when(unix.BPF_JEQ, unix.SYS_PRCTL, unix.SECCOMP_RET_ALLOW)
	}
	// Memory is never executable.
	b.unlessArgument(unix.SYS_MMAP, 2, unix.BPF_JSET, unix.PROT_EXEC)
	b.unlessArgument(unix.SYS_MPROTECT, 2, unix.BPF_JSET, unix.PROT_EXEC)
	// Signals go to threads of this process only.
	b.whenArgument(unix.SYS_TGKILL, 0, unix.BPF_JEQ, pid)
	b.whenArgument(unix.SYS_PRCTL, 0, unix.BPF_JEQ, nameMemory)
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

// whenArgument allows a call if the lower half of an argument compares to k;
// otherwise the call is refused.
func (b *filterBuilder) whenArgument(call uint32, argument int, compare uint16, k uint32) {
	b.argument(call, argument, compare, k, unix.SECCOMP_RET_ALLOW, unix.SECCOMP_RET_ERRNO|uint32(unix.EPERM))
}

// unlessArgument is the opposite.
func (b *filterBuilder) unlessArgument(call uint32, argument int, compare uint16, k uint32) {
	b.argument(call, argument, compare, k, unix.SECCOMP_RET_ERRNO|uint32(unix.EPERM), unix.SECCOMP_RET_ALLOW)
}

func (b *filterBuilder) argument(call uint32, argument int, compare uint16, k, yes, no uint32) {
	b.add(unix.BPF_JMP|unix.BPF_JEQ|unix.BPF_K, call, 0, 4)
	b.load(offsetArgs + 8*uint32(argument))
	b.add(unix.BPF_JMP|compare|unix.BPF_K, k, 0, 1)
	b.add(unix.BPF_RET|unix.BPF_K, yes, 0, 0)
	b.add(unix.BPF_RET|unix.BPF_K, no, 0, 0)
}
