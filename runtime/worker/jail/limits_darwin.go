package jail

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// limit sets the resource limits that this system keeps. It has one of data that
// it does not keep: memory is bounded by nothing but the collector's target.
func limit(in Inside) error {
	limits := map[int]uint64{
		unix.RLIMIT_NOFILE: uint64(in.Files), unix.RLIMIT_FSIZE: 0, unix.RLIMIT_CORE: 0, unix.RLIMIT_MEMLOCK: 0,
	}
	if seconds := uint64(max(in.CPU.Seconds(), 0)); seconds > 0 {
		limits[unix.RLIMIT_CPU] = seconds
	}
	for resource, most := range limits {
		if err := unix.Setrlimit(resource, &unix.Rlimit{Cur: most, Max: most}); err != nil {
			return fmt.Errorf("limit %d: %w", resource, err)
		}
	}
	now, err := unix.Getpriority(unix.PRIO_PROCESS, 0)
	if err == nil {
		err = unix.Setpriority(unix.PRIO_PROCESS, 0, min(now+in.Nice, 19))
	}
	if err != nil {
		return fmt.Errorf("priority: %w", err)
	}
	return nil
}

func limitsDetail(in Inside) string {
	return fmt.Sprintf("%v of CPU time, %d files, no file size, no core dump, lower priority; none of memory", in.CPU, in.Files)
}
