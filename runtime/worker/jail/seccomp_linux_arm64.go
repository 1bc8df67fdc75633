package jail

import "golang.org/x/sys/unix"

const auditArch = unix.AUDIT_ARCH_AARCH64

// allowedHere are system calls that other architectures do not have.
var allowedHere []uint32
