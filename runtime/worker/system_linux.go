package worker

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// recvFlags keep a descriptor from being inherited.
const recvFlags = unix.MSG_CMSG_CLOEXEC

// threadID is the number of the calling thread.
func threadID() int64 { return int64(unix.Gettid()) }

// ownProgram is this program's file, even when another has taken its name.
func ownProgram() (string, error) { return "/proc/self/exe", nil }

// cpu is the CPU time of the process.
func (p *process) cpu() time.Duration {
	// The clock of another process, as clock_getcpuclockid(3) makes it.
	const processClock = 2
	var t unix.Timespec
	if err := unix.ClockGettime(int32(^p.pid()<<3|processClock), &t); err != nil {
		return 0
	}
	return time.Duration(t.Nano())
}

// threadCPU is the CPU time of a thread of the process, and whether it is known.
func (p *process) threadCPU(thread int64) (time.Duration, bool) {
	if thread == 0 {
		return 0, false
	}
	// "nanoseconds on a CPU, nanoseconds waiting for one, times"
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/schedstat", p.pid(), thread))
	if err != nil {
		return 0, false
	}
	first, _, _ := strings.Cut(string(text), " ")
	n, err := strconv.ParseInt(first, 10, 64)
	return time.Duration(n), err == nil
}

// residentMemory is how much memory the process has for itself, in bytes; 0 when
// unknown. The pages of files are not its own: those of its program, and those
// of snapshots, which many instances share.
func (p *process) residentMemory() int64 {
	// "size resident shared …", in pages
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", p.pid()))
	if err != nil {
		return 0
	}
	numbers := strings.Fields(string(text))
	if len(numbers) < 3 {
		return 0
	}
	all, err := strconv.ParseInt(numbers[1], 10, 64)
	shared, sharedErr := strconv.ParseInt(numbers[2], 10, 64)
	if err != nil || sharedErr != nil {
		return 0
	}
	return (all - shared) * int64(os.Getpagesize())
}

// hostThread is what the host calls a thread that calls itself by number: a
// process namespace has numbers of its own.
func (p *process) hostThread(number int64) int64 {
	dir := fmt.Sprintf("/proc/%d/task", p.pid())
	threads, err := os.ReadDir(dir)
	if err != nil {
		return 0
	}
	for _, t := range threads {
		status, err := os.ReadFile(dir + "/" + t.Name() + "/status")
		if err != nil {
			continue
		}
		_, list, _ := strings.Cut(string(status), "\nNSpid:")
		list, _, _ = strings.Cut(list, "\n")
		numbers := strings.Fields(list)
		if len(numbers) == 0 || numbers[len(numbers)-1] != strconv.FormatInt(number, 10) {
			continue
		}
		id, _ := strconv.ParseInt(t.Name(), 10, 64)
		return id
	}
	return 0
}
