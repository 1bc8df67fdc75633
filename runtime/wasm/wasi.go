package wasm

import (
	"encoding/binary"
	"time"

	module "github.com/annexhost/annex/runtime/wasm/binary"
)

// wasiModule is WASI preview 1: clocks, randomness, standard output and error,
// which go to the log, and the end. Everything about files and sockets answers
// that there is none. It keeps no state: there is nothing to forget between
// invocations.
const wasiModule = "wasi_snapshot_preview1"

// The answers.
const (
	errnoSuccess uint64 = 0
	errnoBadF    uint64 = 8
	errnoFault   uint64 = 21
	errnoInval   uint64 = 28
	errnoIO      uint64 = 29
	errnoNoSys   uint64 = 52
	errnoSPipe   uint64 = 70
)

// sig makes a type of letters, i for i32 and l for i64, with a result of i32.
func sig(params string) module.FuncType {
	t := module.FuncType{Results: []byte{module.I32}}
	for _, p := range params {
		if p == 'l' {
			t.Params = append(t.Params, module.I64)
		} else {
			t.Params = append(t.Params, module.I32)
		}
	}
	return t
}

type wasiCall = func(in *instance, m memory, a []uint64) uint64

func wasi(name, params string, call wasiCall) hostFunction {
	return hostFunction{name, sig(params), func(in *instance, m memory, stack []uint64) {
		if m == nil {
			stack[0] = errnoFault
			return
		}
		stack[0] = call(in, m, stack)
	}}
}

// none answers the same whatever it is asked.
func none(errno uint64) wasiCall {
	return func(*instance, memory, []uint64) uint64 { return errno }
}

var wasiFunctions = []hostFunction{
	wasi("args_get", "ii", none(errnoSuccess)),
	wasi("args_sizes_get", "ii", twoZeros),
	wasi("environ_get", "ii", none(errnoSuccess)),
	wasi("environ_sizes_get", "ii", twoZeros),
	wasi("clock_res_get", "ii", func(_ *instance, m memory, a []uint64) uint64 { return put64(m, a[1], 1) }),
	wasi("clock_time_get", "ili", clockTime),
	wasi("random_get", "ii", randomGet),
	wasi("sched_yield", "", none(errnoSuccess)),
	wasi("poll_oneoff", "iiii", pollOneoff),
	wasi("fd_write", "iiii", fdWrite),
	wasi("fd_read", "iiii", fdRead),
	wasi("fd_fdstat_get", "ii", fdStat),
	wasi("fd_fdstat_set_flags", "ii", standard(errnoSuccess)),
	wasi("fd_close", "i", standard(errnoSuccess)),
	wasi("fd_seek", "ilii", standard(errnoSPipe)),
	wasi("fd_tell", "ii", standard(errnoSPipe)),
	wasi("fd_filestat_get", "ii", fdFilestat),
	wasi("proc_raise", "i", none(errnoNoSys)),
	{"proc_exit", module.FuncType{Params: []byte{module.I32}}, func(_ *instance, _ memory, stack []uint64) {
		panic(&exit{uint32(stack[0])})
	}},
	wasi("fd_advise", "illi", none(errnoBadF)),
	wasi("fd_allocate", "ill", none(errnoBadF)),
	wasi("fd_datasync", "i", none(errnoBadF)),
	wasi("fd_fdstat_set_rights", "ill", none(errnoBadF)),
	wasi("fd_filestat_set_size", "il", none(errnoBadF)),
	wasi("fd_filestat_set_times", "illi", none(errnoBadF)),
	wasi("fd_pread", "iiili", none(errnoBadF)),
	wasi("fd_prestat_get", "ii", none(errnoBadF)),
	wasi("fd_prestat_dir_name", "iii", none(errnoBadF)),
	wasi("fd_pwrite", "iiili", none(errnoBadF)),
	wasi("fd_readdir", "iiili", none(errnoBadF)),
	wasi("fd_renumber", "ii", none(errnoBadF)),
	wasi("fd_sync", "i", none(errnoBadF)),
	wasi("path_create_directory", "iii", none(errnoBadF)),
	wasi("path_filestat_get", "iiiii", none(errnoBadF)),
	wasi("path_filestat_set_times", "iiiilli", none(errnoBadF)),
	wasi("path_link", "iiiiiii", none(errnoBadF)),
	wasi("path_open", "iiiiillii", none(errnoBadF)),
	wasi("path_readlink", "iiiiii", none(errnoBadF)),
	wasi("path_remove_directory", "iii", none(errnoBadF)),
	wasi("path_rename", "iiiiii", none(errnoBadF)),
	wasi("path_symlink", "iiiii", none(errnoBadF)),
	wasi("path_unlink_file", "iii", none(errnoBadF)),
	wasi("sock_accept", "iii", none(errnoBadF)),
	wasi("sock_recv", "iiiiii", none(errnoBadF)),
	wasi("sock_send", "iiiii", none(errnoBadF)),
	wasi("sock_shutdown", "ii", none(errnoBadF)),
}

var wasiByName = func() map[string]hostFunction {
	all := map[string]hostFunction{}
	for _, f := range wasiFunctions {
		all[f.name] = f
	}
	return all
}()

func put32(m memory, at uint64, v uint32) bool { return m.WriteUint32Le(uint32(at), v) }

func put64(m memory, at, v uint64) uint64 {
	if !m.WriteUint64Le(uint32(at), v) {
		return errnoFault
	}
	return errnoSuccess
}

func twoZeros(_ *instance, m memory, a []uint64) uint64 {
	if !put32(m, a[0], 0) || !put32(m, a[1], 0) {
		return errnoFault
	}
	return errnoSuccess
}

// The clocks.
const (
	clockRealtime  = 0
	clockMonotonic = 1
)

func clockTime(in *instance, m memory, a []uint64) uint64 {
	switch uint32(a[0]) {
	case clockRealtime:
		return put64(m, a[2], uint64(in.now().UnixNano()))
	case clockMonotonic:
		return put64(m, a[2], uint64(in.monotonic()))
	}
	return errnoInval
}

func randomGet(in *instance, m memory, a []uint64) uint64 {
	const step = 64 << 10 // then look whether the invocation is over
	at, left := uint32(a[0]), uint32(a[1])
	for left > 0 {
		n := min(left, step)
		b, ok := m.Read(at, n)
		if !ok {
			return errnoFault
		}
		if err := in.random(b); err != nil {
			return errnoIO
		}
		at, left = at+n, left-n
		in.check(in.Context)
	}
	return errnoSuccess
}

// standard answers for the three files that there are, and says of every other
// that it is none.
func standard(errno uint64) wasiCall {
	return func(_ *instance, _ memory, a []uint64) uint64 {
		if uint32(a[0]) > 2 {
			return errnoBadF
		}
		return errno
	}
}

// characterDevice is the kind of the three files.
const characterDevice = 2

func fdStat(_ *instance, m memory, a []uint64) uint64 {
	if uint32(a[0]) > 2 {
		return errnoBadF
	}
	const rightRead, rightWrite = 1 << 1, 1 << 6
	b, ok := m.Read(uint32(a[1]), 24)
	if !ok {
		return errnoFault
	}
	clear(b)
	b[0] = characterDevice
	rights := uint64(rightWrite)
	if a[0] == 0 {
		rights = rightRead
	}
	binary.LittleEndian.PutUint64(b[8:], rights)
	return errnoSuccess
}

func fdFilestat(_ *instance, m memory, a []uint64) uint64 {
	if uint32(a[0]) > 2 {
		return errnoBadF
	}
	b, ok := m.Read(uint32(a[1]), 64)
	if !ok {
		return errnoFault
	}
	clear(b)
	b[16] = characterDevice
	return errnoSuccess
}

// fdRead says that standard input has ended.
func fdRead(_ *instance, m memory, a []uint64) uint64 {
	if uint32(a[0]) != 0 {
		return errnoBadF
	}
	if !put32(m, a[3], 0) {
		return errnoFault
	}
	return errnoSuccess
}

// pollOneoff waits until the first of the clocks; files are never ready.
func pollOneoff(in *instance, m memory, a []uint64) uint64 {
	const subscription, event, most = 48, 32, 1000
	from, to, n := uint32(a[0]), uint32(a[1]), uint32(a[2])
	if n == 0 || n > most {
		return errnoInval
	}
	subs, ok := m.Read(from, n*subscription)
	if !ok {
		return errnoFault
	}
	first, shortest := -1, time.Duration(0)
	for i := range int(n) {
		s := subs[i*subscription:]
		if s[8] != 0 { // not a clock
			continue
		}
		timeout := int64(binary.LittleEndian.Uint64(s[24:]))
		if s[40]&1 != 0 { // absolute
			now := in.monotonic()
			if binary.LittleEndian.Uint32(s[16:]) == clockRealtime {
				now = in.now().UnixNano()
			}
			timeout -= now
		}
		if d := time.Duration(max(timeout, 0)); first < 0 || d < shortest {
			first, shortest = i, d
		}
	}
	if first < 0 {
		return errnoBadF
	}
	var e [event]byte
	copy(e[:8], subs[first*subscription:])
	in.wait(shortest)
	if !m.Write(to, e[:]) || !put32(m, a[3], 1) {
		return errnoFault
	}
	return errnoSuccess
}
