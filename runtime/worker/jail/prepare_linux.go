package jail

import "syscall"

// Prepare returns the attributes with which a process is started.
func Prepare(jailed bool) *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}

// Enter jails the process.
func Enter(in Inside) Report { return nil }
