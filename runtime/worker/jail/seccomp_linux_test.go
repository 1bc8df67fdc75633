//go:build linux && (amd64 || arm64)

package jail

import (
	"encoding/binary"
	"testing"

	"golang.org/x/sys/unix"
)

const ownPID = 77

const (
	pass   = unix.SECCOMP_RET_ALLOW
	refuse = unix.SECCOMP_RET_ERRNO | uint32(unix.EPERM)
	kill   = unix.SECCOMP_RET_KILL_PROCESS
)

// judge runs a filter over a system call, as the kernel does.
func judge(t *testing.T, filter []unix.SockFilter, arch, call uint32, args [6]uint64) uint32 {
	t.Helper()
	data := binary.NativeEndian.AppendUint32(nil, call)
	data = binary.NativeEndian.AppendUint32(data, arch)
	data = binary.NativeEndian.AppendUint64(data, 0)
	for _, a := range args {
		data = binary.NativeEndian.AppendUint64(data, a)
	}
	var a uint32
	for pc := 0; pc < len(filter); pc++ {
		f := filter[pc]
		holds := false
		switch f.Code {
		case unix.BPF_LD | unix.BPF_W | unix.BPF_ABS:
			a = binary.NativeEndian.Uint32(data[f.K:])
			continue
		case unix.BPF_ALU | unix.BPF_AND | unix.BPF_K:
			a &= f.K
			continue
		case unix.BPF_RET | unix.BPF_K:
			return f.K
		case unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K:
			holds = a == f.K
		case unix.BPF_JMP | unix.BPF_JGE | unix.BPF_K:
			holds = a >= f.K
		default:
			t.Fatalf("instruction %d: code %#x", pc, f.Code)
		}
		if holds {
			pc += int(f.Jt)
		} else {
			pc += int(f.Jf)
		}
	}
	t.Fatal("the filter has no end")
	return 0
}

// TestFilter says what a jailed process can still ask of the kernel.
func TestFilter(t *testing.T) {
	const goThread = unix.CLONE_VM | unix.CLONE_FS | unix.CLONE_FILES | unix.CLONE_SIGHAND | unix.CLONE_SYSVSEM | unix.CLONE_THREAD
	private := uint64(unix.MAP_PRIVATE | unix.MAP_ANON)
	for _, c := range []struct {
		what   string
		call   uint32
		args   [6]uint64
		want   uint32
		making uint32 // of a process that still makes machine code
	}{
		{"read", unix.SYS_READ, [6]uint64{}, pass, pass},
		{"open", unix.SYS_OPENAT, [6]uint64{}, refuse, refuse},
		{"send a descriptor", unix.SYS_SENDMSG, [6]uint64{}, refuse, refuse},
		{"socket", unix.SYS_SOCKET, [6]uint64{}, refuse, refuse},
		{"socket pair", unix.SYS_SOCKETPAIR, [6]uint64{}, refuse, refuse},
		{"execute", unix.SYS_EXECVE, [6]uint64{}, refuse, refuse},
		{"execute a descriptor", unix.SYS_EXECVEAT, [6]uint64{}, refuse, refuse},
		{"personality", unix.SYS_PERSONALITY, [6]uint64{}, refuse, refuse},
		{"shared memory", unix.SYS_SHMGET, [6]uint64{}, refuse, refuse},
		{"file in memory", unix.SYS_MEMFD_CREATE, [6]uint64{}, refuse, refuse},
		{"secret memory", 447, [6]uint64{}, refuse, refuse}, // memfd_secret
		{"io_uring", unix.SYS_IO_URING_SETUP, [6]uint64{}, refuse, refuse},
		{"another's descriptor", unix.SYS_PIDFD_GETFD, [6]uint64{}, refuse, refuse},
		{"signal by descriptor", unix.SYS_PIDFD_SEND_SIGNAL, [6]uint64{}, refuse, refuse},
		{"signal everybody", unix.SYS_KILL, [6]uint64{^uint64(0), 9}, refuse, refuse},
		{"trace", unix.SYS_PTRACE, [6]uint64{}, refuse, refuse},
		{"what is cached", unix.SYS_MINCORE, [6]uint64{}, refuse, refuse},
		{"call of a later kernel", 9999, [6]uint64{}, refuse, refuse},
		{"thread of Go", unix.SYS_CLONE, [6]uint64{goThread}, pass, pass},
		{"process", unix.SYS_CLONE, [6]uint64{uint64(unix.SIGCHLD)}, refuse, refuse},
		{"thread with a network of its own", unix.SYS_CLONE, [6]uint64{goThread | unix.CLONE_NEWNET}, refuse, refuse},
		{"thread with users of its own", unix.SYS_CLONE, [6]uint64{goThread | unix.CLONE_NEWUSER}, refuse, refuse},
		{"clone3", unix.SYS_CLONE3, [6]uint64{}, unix.SECCOMP_RET_ERRNO | uint32(unix.ENOSYS), unix.SECCOMP_RET_ERRNO | uint32(unix.ENOSYS)},
		{"memory", unix.SYS_MMAP, [6]uint64{0, 4096, unix.PROT_READ | unix.PROT_WRITE, private}, pass, pass},
		{"memory at a place", unix.SYS_MMAP, [6]uint64{0, 4096, 3, private | unix.MAP_FIXED | unix.MAP_NORESERVE}, pass, pass},
		{"executable memory", unix.SYS_MMAP, [6]uint64{0, 4096, unix.PROT_EXEC, private}, refuse, pass},
		{"memory that is shared", unix.SYS_MMAP, [6]uint64{0, 4096, 3, unix.MAP_SHARED | unix.MAP_ANON}, refuse, pass},
		{"memory that grows", unix.SYS_MMAP, [6]uint64{0, 4096, 3, private | unix.MAP_GROWSDOWN}, refuse, pass},
		{"huge pages", unix.SYS_MMAP, [6]uint64{0, 4096, 3, private | unix.MAP_HUGETLB}, refuse, pass},
		{"protect", unix.SYS_MPROTECT, [6]uint64{0, 4096, unix.PROT_READ}, pass, pass},
		{"make executable", unix.SYS_MPROTECT, [6]uint64{0, 4096, unix.PROT_READ | unix.PROT_EXEC}, refuse, pass},
		{"make executable with a key", unix.SYS_PKEY_MPROTECT, [6]uint64{0, 4096, unix.PROT_EXEC}, refuse, refuse},
		{"signal a thread of its own", unix.SYS_TGKILL, [6]uint64{ownPID, ownPID, 23}, pass, pass},
		{"signal another process's", unix.SYS_TGKILL, [6]uint64{1, 1, 9}, refuse, refuse},
		{"label memory", unix.SYS_PRCTL, [6]uint64{nameMemory}, pass, pass},
		{"be dumped", unix.SYS_PRCTL, [6]uint64{unix.PR_SET_DUMPABLE, 1}, refuse, pass},
		{"outlive the host", unix.SYS_PRCTL, [6]uint64{unix.PR_SET_PDEATHSIG}, refuse, pass},
		{"look at a descriptor", unix.SYS_FCNTL, [6]uint64{3, unix.F_GETFD}, pass, pass},
		{"who is signalled by a descriptor", unix.SYS_FCNTL, [6]uint64{3, unix.F_SETOWN, 1}, refuse, refuse},
		{"with which signal", unix.SYS_FCNTL, [6]uint64{3, unix.F_SETSIG, 9}, refuse, refuse},
		{"from now on", unix.SYS_FCNTL, [6]uint64{3, unix.F_SETFL, unix.O_ASYNC}, refuse, refuse},
		{"a larger pipe", unix.SYS_FCNTL, [6]uint64{1, unix.F_SETPIPE_SZ, 1 << 20}, refuse, refuse},
		{"wait", unix.SYS_FUTEX, [6]uint64{0, 128}, pass, pass},
		{"wake", unix.SYS_FUTEX, [6]uint64{0, 129}, pass, pass},
		{"hand on a priority", unix.SYS_FUTEX, [6]uint64{0, 6 | 128}, refuse, refuse},
		{"wait for a priority", unix.SYS_FUTEX, [6]uint64{0, 11 | 128}, refuse, refuse},
	} {
		if got := judge(t, callFilter(ownPID, false), auditArch, c.call, c.args); got != c.want {
			t.Errorf("%s: got %#x, want %#x", c.what, got, c.want)
		}
		if got := judge(t, callFilter(ownPID, true), auditArch, c.call, c.args); got != c.making {
			t.Errorf("%s, before the seal: got %#x, want %#x", c.what, got, c.making)
		}
	}
	if got := judge(t, callFilter(ownPID, false), unix.AUDIT_ARCH_I386, unix.SYS_READ, [6]uint64{}); got != kill {
		t.Errorf("a call by the numbers of another architecture: got %#x, want %#x", got, kill)
	}
}
