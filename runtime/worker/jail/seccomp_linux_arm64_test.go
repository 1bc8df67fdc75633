package jail

import "golang.org/x/sys/unix"

// What the filter is made of on arm64 (include/uapi/linux/audit.h,
// include/uapi/asm-generic/unistd.h). A number that is another one does not
// compile, also where nothing can be run for this architecture: go vet finds it.
var (
	_ = [1]int{}[auditArch-0xC00000B7]
	_ = [1]int{}[unix.SYS_FCNTL-25]
	_ = [1]int{}[unix.SYS_OPENAT-56]
	_ = [1]int{}[unix.SYS_CLOSE-57]
	_ = [1]int{}[unix.SYS_READ-63]
	_ = [1]int{}[unix.SYS_WRITE-64]
	_ = [1]int{}[unix.SYS_EPOLL_PWAIT-22]
	_ = [1]int{}[unix.SYS_EXIT_GROUP-94]
	_ = [1]int{}[unix.SYS_FUTEX-98]
	_ = [1]int{}[unix.SYS_TGKILL-131]
	_ = [1]int{}[unix.SYS_RT_SIGRETURN-139]
	_ = [1]int{}[unix.SYS_PRCTL-167]
	_ = [1]int{}[unix.SYS_SOCKET-198]
	_ = [1]int{}[unix.SYS_RECVMSG-212]
	_ = [1]int{}[unix.SYS_CLONE-220]
	_ = [1]int{}[unix.SYS_EXECVE-221]
	_ = [1]int{}[unix.SYS_MMAP-222]
	_ = [1]int{}[unix.SYS_MPROTECT-226]
	_ = [1]int{}[unix.SYS_SECCOMP-277]
	_ = [1]int{}[unix.SYS_CLONE3-435]
)
