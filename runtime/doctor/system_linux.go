package doctor

import (
	"math"
	"os"
	"path"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// What a host needs that has all its workers (64, of about a dozen threads) and
// all its connections (4,096), beside the store's files.
const (
	needFiles   = 8192
	needThreads = 1024
	needMemory  = 1 << 30
)

func kernel() string {
	var u unix.Utsname
	if unix.Uname(&u) != nil {
		return ""
	}
	return ", kernel " + unix.ByteSliceToString(u.Release[:])
}

// clockSynchronized asks the kernel, which a time service tells.
func clockSynchronized() (synced, known bool) {
	var t unix.Timex // no mode: nothing is changed
	state, err := unix.Adjtimex(&t)
	if err != nil {
		return false, false
	}
	return state != unix.TIME_ERROR && t.Status&unix.STA_UNSYNC == 0, true
}

// resources looks at what the host may use.
func resources() []Finding {
	return []Finding{
		atLeast("memory", memory(), needMemory, Bytes, "each worker may take its limit beside the host's own: give it more memory, or lower --limit-memory"),
		atLeast("open files", limit(unix.RLIMIT_NOFILE), needFiles, count, "raise the limit of open files (ulimit -n, LimitNOFILE= of systemd)"),
		atLeast("threads", threads(), needThreads, count, "raise the limit of processes (ulimit -u, TasksMax= of systemd, --pids-limit of a container)"),
	}
}

// limit returns a resource limit, negative when there is none.
func limit(resource int) int64 {
	var l unix.Rlimit
	if unix.Getrlimit(resource, &l) != nil || l.Cur > math.MaxInt64 {
		return -1
	}
	return int64(l.Cur)
}

// memory returns what the machine has, or the control group allows if that is less.
func memory() int64 {
	var info unix.Sysinfo_t
	if unix.Sysinfo(&info) != nil {
		return -1
	}
	total := int64(info.Totalram) * int64(info.Unit)
	return lower(total, controlGroup("memory", "memory.max", "memory.limit_in_bytes"))
}

// threads returns how many there may be, of this user or in the control group.
func threads() int64 {
	return lower(limit(unix.RLIMIT_NPROC), controlGroup("pids", "pids.max", "pids.max"))
}

// lower returns the lower of two limits, of which negative ones are none.
func lower(a, b int64) int64 {
	if a < 0 || b >= 0 && b < a {
		return b
	}
	return a
}

// controlGroup returns the lowest limit of this process's group and those above
// it, negative when there is none: in version 2 of control groups, else in
// version 1, where each controller has a tree of its own.
func controlGroup(controller, file, fileV1 string) int64 {
	groups, err := os.ReadFile("/proc/self/cgroup")
	if err != nil {
		return -1
	}
	lowest := int64(-1)
	for line := range strings.Lines(string(groups)) {
		parts := strings.SplitN(strings.TrimSpace(line), ":", 3)
		if len(parts) != 3 {
			continue
		}
		root, name := "/sys/fs/cgroup", file
		switch {
		case parts[1] == controller:
			root, name = root+"/"+controller, fileV1
		case parts[1] != "":
			continue
		}
		for dir := path.Clean("/" + parts[2]); ; dir = path.Dir(dir) {
			lowest = lower(lowest, readLimit(root+dir+"/"+name))
			if dir == "/" {
				break
			}
		}
	}
	return lowest
}

// readLimit reads a file with a number in it, or "max".
func readLimit(name string) int64 {
	text, err := os.ReadFile(name)
	if err != nil {
		return -1
	}
	n, err := strconv.ParseInt(strings.TrimSpace(string(text)), 10, 64)
	if err != nil || n >= 1<<62 { // version 1 says "none" by a number of that kind
		return -1
	}
	return n
}
