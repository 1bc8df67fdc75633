package corpus

import (
	"os"
	"strconv"
	"strings"
	"syscall"
)

// residentMemory is what this process has of the machine's memory, in bytes.
func residentMemory() int64 {
	text, err := os.ReadFile("/proc/self/statm") // "size resident …", in pages
	if err != nil {
		return 0
	}
	fields := strings.Fields(string(text))
	if len(fields) < 2 {
		return 0
	}
	pages, _ := strconv.ParseInt(fields[1], 10, 64)
	return pages * int64(os.Getpagesize())
}

// limitMemory bounds the data of this process.
func limitMemory(bytes uint64) {
	const data = 2 // RLIMIT_DATA
	_ = syscall.Setrlimit(data, &syscall.Rlimit{Cur: bytes, Max: bytes})
}
