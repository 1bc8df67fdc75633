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

// places are the processors, and how many invocations want one.
type places struct {
	mu    sync.Mutex
	count int // invocations that have one, or do without
	taken unix.CPUSet
}

var machine places

// elsewhere is the place of an invocation that has no processor for itself.
const elsewhere = -1

// enter returns a processor of all that no invocation has: at, where that is one.
// With more invocations than processors it is elsewhere.
func (p *places) enter(all *unix.CPUSet, at int) (cpu int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.count++
	if p.count > all.Count() {
		return elsewhere
	}
	for cpu = at; !all.IsSet(cpu) || p.taken.IsSet(cpu); {
		cpu = (cpu + 1) % (len(all) * 64)
	}
	p.taken.Set(cpu)
	return cpu
}

func (p *places) leave(cpu int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.count--
	if cpu != elsewhere {
		p.taken.Clear(cpu)
	}
}

// near brings the thread of the caller and the lane's thread to one processor,
// until apart is called. Of the two, one always waits for the other: on one
// processor an answer is a switch, on two it wakes a processor that sleeps, which
// takes ten times as long. A processor belongs to one invocation at a time. With
// more invocations than processors none of these sleeps, and being bound only
// keeps the system from using the one that is free. Where the system does not
// allow it, it is done without.
func (l *lane) near() (apart func()) {
	nothing := func() {}
	all, err := everywhere()
	thread := l.thread.Load()
	if err != nil || thread == 0 || all.Count() < 2 {
		return nothing
	}
	here, err := processor()
	if err != nil {
		return nothing
	}
	cpu := machine.enter(&all, here)
	l.place.Store(int64(cpu) + 2)
	if cpu == elsewhere {
		l.unbind()
		return l.leave
	}
	runtime.LockOSThread()
	if err = l.move(thread, cpu); err == nil {
		err = unix.SchedSetaffinity(0, only(cpu))
	}
	if err != nil {
		runtime.UnlockOSThread()
		return l.leave
	}
	return func() {
		l.leave()
		if unix.SchedSetaffinity(0, &all) == nil {
			runtime.UnlockOSThread()
		} // else the thread ends with its goroutine
	}
}

// leave gives up the invocation's place.
func (l *lane) leave() {
	if place := l.place.Swap(0); place != 0 {
		machine.leave(int(place) - 2)
	}
}

// move lets the lane's thread run on one processor only, as far as it does not.
func (l *lane) move(thread int64, cpu int) error {
	if l.cpu.Swap(int64(cpu)+1) == int64(cpu)+1 {
		return nil
	}
	return unix.SchedSetaffinity(int(thread), only(cpu))
}

// unbind lets the lane's thread run wherever there is room.
func (l *lane) unbind() {
	if all, err := everywhere(); err == nil && l.cpu.Swap(0) != 0 {
		_ = unix.SchedSetaffinity(int(l.thread.Load()), &all)
	}
}

// far is for an invocation that takes its time: it must not wait for a processor
// that others are on, nor keep one.
func (l *lane) far() {
	l.leave()
	l.unbind()
}

func only(cpu int) *unix.CPUSet {
	var set unix.CPUSet
	set.Set(cpu)
	return &set
}

// processor returns the number of the processor that this thread is on.
func processor() (int, error) {
	var cpu uint32
	if _, _, errno := unix.RawSyscall(unix.SYS_GETCPU, uintptr(unsafe.Pointer(&cpu)), 0, 0); errno != 0 {
		return 0, errno
	}
	return int(cpu), nil
}
