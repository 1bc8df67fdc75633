package jail

import "golang.org/x/sys/unix"

const auditArch = unix.AUDIT_ARCH_X86_64

// allowedHere are system calls that other architectures do not have.
var allowedHere = []uint32{unix.SYS_EPOLL_WAIT}
