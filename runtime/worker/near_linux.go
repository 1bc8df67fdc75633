package worker

import (
	"runtime"
	"sync"
	"unsafe"

	"golang.org/x/sys/unix"
)

// everywhere is the set of processors that this process may use.
var everywhere = sync.OnceValues(func() (all unix.CPUSet, err error) {
	return all, unix.SchedGetaffinity(0, &all)
})

// near brings the thread of the caller and the lane's thread to one processor,
// until apart is called. Of the two, one always waits for the other: on one
// processor an answer is a switch, on two it wakes a processor that sleeps, which
// takes several times as long. With more to do for the processors none of them
// sleeps, and being bound only keeps the system from using the one that is free.
// Where the system does not allow it, it is done without.
func (l *lane) near() (apart func()) {
	all, err := everywhere()
	thread := l.thread.Load()
	if err != nil || thread == 0 || all.Count() < 2 {
		return func() {}
	}
	runtime.LockOSThread()
	cpu, err := processor()
	if err == nil {
		err = l.move(thread, cpu)
	}
	if err == nil {
		err = unix.SchedSetaffinity(0, only(cpu))
	}
	if err != nil {
		runtime.UnlockOSThread()
		return func() {}
	}
	return func() {
		if unix.SchedSetaffinity(0, &all) == nil {
			runtime.UnlockOSThread()
		} // else the thread ends with its goroutine
	}
}

// move lets the lane's thread run on one processor only, as far as it does not.
func (l *lane) move(thread, cpu int64) error {
	if l.cpu.Swap(cpu+1) == cpu+1 {
		return nil
	}
	return unix.SchedSetaffinity(int(thread), only(cpu))
}

// far lets the lane's thread run wherever there is room: an invocation that
// takes its time must not wait for a processor that others are on.
func (l *lane) far() {
	if all, err := everywhere(); err == nil && l.cpu.Swap(0) != 0 {
		_ = unix.SchedSetaffinity(int(l.thread.Load()), &all)
	}
}

func only(cpu int64) *unix.CPUSet {
	var set unix.CPUSet
	set.Set(int(cpu))
	return &set
}

// processor returns the number of the processor that this thread is on.
func processor() (int64, error) {
	var cpu uint32
	if _, _, errno := unix.RawSyscall(unix.SYS_GETCPU, uintptr(unsafe.Pointer(&cpu)), 0, 0); errno != 0 {
		return 0, errno
	}
	return int64(cpu), nil
}
