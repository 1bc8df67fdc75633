package jail

// Remedy says what an operator can do so that a layer holds.
func (l Layer) Remedy() string { return remedies[l.Name] }

var remedies = map[Name]string{
	Limits:     "let this user lower its limits and its priority, and see /proc",
	Namespaces: "let this user make namespaces: sysctl user.max_user_namespaces=10000, on Debian kernel.unprivileged_userns_clone=1, on Ubuntu kernel.apparmor_restrict_unprivileged_userns=0; in a container, a seccomp profile that lets clone and unshare pass",
	Root:       "needs namespaces; in a container, a profile that lets mount, umount2 and pivot_root pass",
	Privileges: "build with CGO_ENABLED=0",
	Landlock:   "Linux 5.13 or later with landlock among the security modules (lsm= on the kernel's command line), and a build with CGO_ENABLED=0",
	Calls:      "a kernel with seccomp filters (CONFIG_SECCOMP_FILTER), on amd64 or arm64",
}
