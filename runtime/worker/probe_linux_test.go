package worker_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/annexhost/annex/runtime/sandbox"
	"github.com/annexhost/annex/runtime/worker"
	"github.com/annexhost/annex/runtime/worker/jail"
)

// probe is one thing that a guest could try that has escaped its engine.
type probe struct {
	name string
	try  func(host int) error // host is the process that started the worker

	// alone says that the attempt works without a jail, so that it is the jail
	// that stops it. Others depend on the machine, or would end the test.
	alone bool
}

// strayFile is a descriptor that the host had open without the mark that
// closes it when another program is executed.
const strayFile = 200

func raw(call uintptr, args ...uintptr) error {
	var a [6]uintptr
	copy(a[:], args)
	if _, _, e := unix.RawSyscall6(call, a[0], a[1], a[2], a[3], a[4], a[5]); e != 0 {
		return e
	}
	return nil
}

func socket(domain, kind int) func(int) error {
	return func(int) error {
		fd, err := unix.Socket(domain, kind, 0)
		if err == nil {
			unix.Close(fd)
		}
		return err
	}
}

func open(name string, flags int) func(int) error {
	return func(int) error {
		fd, err := unix.Open(name, flags, 0o600)
		if err == nil {
			unix.Close(fd)
		}
		return err
	}
}

// signalled sends no signal, but asks whether one could be sent.
func signalled(pid int) error { return unix.Kill(pid, 0) }

// futexOf is an operation on a word that nobody waits for.
func futexOf(operation, value uintptr) error {
	var word uint32
	return raw(unix.SYS_FUTEX, uintptr(unsafe.Pointer(&word)), operation|128, value)
}

// executable maps a page that could be written and executed.
func executable(int) error {
	b, err := unix.Mmap(-1, 0, 4096, unix.PROT_READ|unix.PROT_WRITE|unix.PROT_EXEC, unix.MAP_ANON|unix.MAP_PRIVATE)
	if err == nil {
		unix.Munmap(b)
	}
	return err
}

// madeExecutable makes a page executable afterwards.
func madeExecutable(int) error {
	b, err := unix.Mmap(-1, 0, 4096, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_ANON|unix.MAP_PRIVATE)
	if err != nil {
		return err
	}
	defer unix.Munmap(b)
	return unix.Mprotect(b, unix.PROT_READ|unix.PROT_EXEC)
}

// process makes another process, which ends at once.
func process(int) error {
	pid, _, e := unix.RawSyscall6(unix.SYS_CLONE, uintptr(unix.SIGCHLD), 0, 0, 0, 0, 0)
	if e != 0 {
		return e
	}
	if pid == 0 {
		unix.RawSyscall(unix.SYS_EXIT_GROUP, 0, 0, 0)
	}
	_, err := unix.Wait4(int(pid), nil, 0, nil)
	return err
}

// memoryOf reads a word of another process.
func memoryOf(host int) error {
	var word [8]byte
	local := []unix.Iovec{{Base: &word[0], Len: 8}}
	_, err := unix.ProcessVMReadv(host, local, []unix.RemoteIovec{{Base: 0x400000, Len: 8}}, 0)
	return err
}

// execute would replace the worker, if it could.
func execute(int) error {
	name, _ := unix.BytePtrFromString("/nothing")
	err := raw(unix.SYS_EXECVE, uintptr(unsafe.Pointer(name)), 0, 0)
	if err == unix.ENOENT {
		return nil // it was tried
	}
	return err
}

var probes = []probe{
	{"read a file", open("/etc/passwd", unix.O_RDONLY), true},
	{"write a file", open("/tmp/annex-probe", unix.O_RDWR|unix.O_CREAT), true},
	{"read the root", open("/", unix.O_RDONLY|unix.O_DIRECTORY), true},
	{"read its own environment", open("/proc/self/environ", unix.O_RDONLY), true},
	{"read the host's memory map", func(host int) error { return open(fmt.Sprintf("/proc/%d/maps", host), unix.O_RDONLY)(0) }, true},
	{"look at a file", func(int) error { return unix.Access("/etc", 0) }, true},
	{"make a file in memory", func(int) error { fd, err := unix.MemfdCreate("x", 0); unix.Close(fd); return err }, true},
	{"make a directory", func(int) error { return unix.Mkdir("/annex-probe/x/y", 0) }, false},
	{"TCP", socket(unix.AF_INET, unix.SOCK_STREAM), true},
	{"UDP", socket(unix.AF_INET, unix.SOCK_DGRAM), true},
	{"TCP over IPv6", socket(unix.AF_INET6, unix.SOCK_STREAM), false},
	{"Unix sockets", socket(unix.AF_UNIX, unix.SOCK_STREAM), true},
	{"netlink", socket(unix.AF_NETLINK, unix.SOCK_RAW), true},
	{"packets", socket(unix.AF_PACKET, unix.SOCK_RAW), false},
	{"virtual sockets", socket(unix.AF_VSOCK, unix.SOCK_STREAM), false},
	{"another process", process, true},
	{"another process by vfork", func(int) error { return raw(unix.SYS_CLONE, unix.CLONE_VM|unix.CLONE_VFORK|unix.CLONE_PARENT, 1) }, false},
	{"clone3", func(int) error { return raw(unix.SYS_CLONE3, 0, 0) }, false},
	{"another program", execute, true},
	{"signal the host", signalled, true},
	{"signal the first process", func(int) error { return signalled(1) }, false},
	{"signal everybody", func(int) error { return signalled(-1) }, false},
	{"signal a thread of another process", func(host int) error { return raw(unix.SYS_TGKILL, uintptr(host), uintptr(host), 0) }, true},
	{"be traced", func(int) error { return raw(unix.SYS_PTRACE, unix.PTRACE_ATTACH, 1) }, false},
	{"read the host's memory", memoryOf, true},
	{"executable memory", executable, true},
	{"make memory executable", madeExecutable, true},
	{"become root", func(int) error { return raw(unix.SYS_SETRESUID, 0, 0, 0) }, false},
	{"namespaces", func(int) error { return raw(unix.SYS_UNSHARE, unix.CLONE_NEWUSER) }, false},
	{"mount", func(int) error { return unix.Mount("x", "/", "tmpfs", 0, "") }, false},
	{"raise a limit", func(int) error { return unix.Prlimit(0, unix.RLIMIT_CORE, &unix.Rlimit{Cur: 1, Max: 1}, nil) }, false},
	{"io_uring", func(int) error { return raw(unix.SYS_IO_URING_SETUP, 1, 0) }, false},
	{"BPF", func(int) error { return raw(unix.SYS_BPF, 0, 0, 0) }, false},
	{"page faults", func(int) error { return raw(unix.SYS_USERFAULTFD, 0) }, false},
	{"keys", func(int) error { return raw(unix.SYS_KEYCTL, 0, 0, 0) }, false},
	{"counters", func(int) error { return raw(unix.SYS_PERF_EVENT_OPEN, 0, 0, 0, 0, 0) }, false},
	{"be dumped", func(int) error { return unix.Prctl(unix.PR_SET_DUMPABLE, 1, 0, 0, 0) }, true},
	{"outlive the host", func(int) error { return unix.Prctl(unix.PR_SET_PDEATHSIG, 0, 0, 0, 0) }, false},
	{"shared memory", func(int) error {
		b, err := unix.Mmap(-1, 0, 4096, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_ANON|unix.MAP_SHARED)
		if err == nil {
			unix.Munmap(b)
		}
		return err
	}, true},
	{"memory that grows downwards", func(int) error {
		b, err := unix.Mmap(-1, 0, 4096, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_ANON|unix.MAP_PRIVATE|unix.MAP_GROWSDOWN)
		if err == nil {
			unix.Munmap(b)
		}
		return err
	}, true},
	{"have the host signalled by a descriptor", func(host int) error { _, err := unix.FcntlInt(3, unix.F_SETOWN, host); return err }, true},
	{"say by which signal", func(int) error { _, err := unix.FcntlInt(3, unix.F_SETSIG, int(unix.SIGURG)); return err }, true},
	{"send descriptors", func(int) error { return unix.Sendmsg(1, []byte{0}, nil, nil, 0) }, false},
	{"a pair of sockets", func(int) error { _, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM, 0); return err }, false},
	{"a futex that hands on priorities", func(int) error { return futexOf(13, 0) }, false},
	{"another personality", func(int) error { return raw(unix.SYS_PERSONALITY, 0xffffffff) }, true},
	{"System V memory", func(int) error { return raw(unix.SYS_SHMGET, 0, 4096, unix.IPC_CREAT|0o600) }, false},
	{"another's descriptor", func(host int) error { return raw(unix.SYS_PIDFD_OPEN, uintptr(host), 0) }, true},
	{"run for real time", func(int) error { return raw(unix.SYS_SCHED_SETSCHEDULER, 0, 0, 0) }, false},
	{"raise its priority", func(int) error { return unix.Setpriority(unix.PRIO_PROCESS, 0, -5) }, false},
	{"a file that the host left open", func(int) error { _, err := unix.FcntlInt(strayFile, unix.F_GETFD, 0); return err }, true},
	{"the environment", hasEnvironment, false},
}

func hasEnvironment(int) error {
	if list := os.Environ(); len(list) > 0 {
		return nil
	}
	return unix.ENOENT
}

// probeOrder says what to try: all probes, or those that work without a jail.
type probeOrder struct {
	Host    int
	All     bool
	Threads int // to start, instead
}

// probeEngine runs probes instead of a guest: what a guest could do that is not
// held by its engine any more.
type probeEngine struct{}

func (probeEngine) Compile(context.Context, sandbox.Source) (sandbox.Program, error) {
	return probeEngine{}, nil
}

func (probeEngine) Run(_ context.Context, inv sandbox.Invocation, _ sandbox.Caller) (sandbox.Output, error) {
	var order probeOrder
	if err := json.Unmarshal(inv.Input.JSON, &order); err != nil {
		return sandbox.Output{}, err
	}
	if order.Threads > 0 {
		startThreads(order.Threads)
		return sandbox.Output{}, nil
	}
	results := map[string]string{}
	for _, p := range probes {
		if !order.All && !p.alone {
			continue
		}
		results[p.name] = ""
		if err := p.try(order.Host); err != nil {
			results[p.name] = err.Error()
		}
	}
	// A thread that the runtime starts now is in the jail too.
	late := make(chan error)
	go func() {
		runtime.LockOSThread() // never unlocked: a new thread comes in its place
		late <- open("/etc/passwd", unix.O_RDONLY)(0)
	}()
	if err := <-late; err != nil {
		results["read a file on a new thread"] = err.Error()
	}
	text, err := json.Marshal(results)
	return sandbox.Output{Result: sandbox.Payload{JSON: text}}, err
}

func (probeEngine) Close() error { return nil }

// startThreads has n threads at the same time.
func startThreads(n int) {
	var all sync.WaitGroup
	end := make(chan struct{})
	for range n {
		all.Add(1)
		go func() {
			runtime.LockOSThread()
			defer runtime.UnlockOSThread()
			all.Done()
			<-end
		}()
	}
	all.Wait()
	close(end)
}

// TestThreadsAreBounded is that a guest that has escaped its engine cannot take all
// the threads that the machine has: its worker ends.
func TestThreadsAreBounded(t *testing.T) {
	for _, c := range []struct {
		jail    worker.Jail
		threads int
		ends    bool
	}{
		{worker.JailOff, 300, false},
		{worker.JailBestEffort, 24, false},
		{worker.JailBestEffort, 300, true},
	} {
		e, err := worker.New(worker.Config{Engine: "probe", Jail: c.jail})
		if err != nil {
			t.Fatal(err)
		}
		defer e.Close()
		if c.jail != worker.JailOff && !e.Report().Has(jail.Namespaces) {
			t.Skip("threads are bounded in namespaces only, which this system does not give")
		}
		p, err := e.Compile(context.Background(), sandbox.Source{})
		if err != nil {
			t.Fatal(err)
		}
		input, _ := json.Marshal(probeOrder{Threads: c.threads})
		_, err = p.Run(context.Background(), sandbox.Invocation{Input: sandbox.Payload{JSON: input}}, nil)
		if (err != nil) != c.ends {
			t.Errorf("%d threads, jail %d: got %v, want an error: %v", c.threads, c.jail, err, c.ends)
		}
	}
}

// runProbes runs all probes in a worker.
func runProbes(t *testing.T, jail worker.Jail) (map[string]string, *worker.Engine) {
	t.Helper()
	null, err := os.Open(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	defer null.Close()
	if err := unix.Dup2(int(null.Fd()), strayFile); err != nil {
		t.Fatal(err)
	}
	defer unix.Close(strayFile)
	e, err := worker.New(worker.Config{Engine: "probe", Jail: jail, Ended: func(e worker.Ending) { t.Logf("a worker ended: %+v", e) }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { e.Close() })
	p, err := e.Compile(context.Background(), sandbox.Source{})
	if err != nil {
		t.Fatal(err)
	}
	input, err := json.Marshal(probeOrder{Host: os.Getpid(), All: jail != worker.JailOff})
	if err != nil {
		t.Fatal(err)
	}
	out, err := p.Run(context.Background(), sandbox.Invocation{Input: sandbox.Payload{JSON: input}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	results := map[string]string{}
	if err := json.Unmarshal(out.Result.JSON, &results); err != nil {
		t.Fatal(err)
	}
	return results, e
}

// TestJailRefuses tries what a guest without an engine around it could do.
func TestJailRefuses(t *testing.T) {
	if os.Geteuid() == 0 {
		syscall.Unlink("/tmp/annex-probe")
	}
	inside, e := runProbes(t, worker.JailBestEffort)
	t.Logf("layers that are missing here: %q", e.Report())
	late := "read a file on a new thread"
	for _, p := range append(probes, probe{name: late}) {
		if inside[p.name] == "" {
			t.Errorf("%s: works in the jail", p.name)
		}
	}
	outside, _ := runProbes(t, worker.JailOff)
	for _, p := range probes {
		if p.alone && outside[p.name] != "" {
			t.Errorf("%s: does not work without a jail either: %s", p.name, outside[p.name])
		}
	}
}

// TestJailRequired is that a jail that is not whole is refused when it has to be.
func TestJailRequired(t *testing.T) {
	e, err := worker.New(worker.Config{Engine: "probe", Jail: worker.JailRequired})
	if err != nil {
		if !strings.Contains(err.Error(), "jail") {
			t.Fatalf("got %v, want an error about the jail", err)
		}
		return
	}
	defer e.Close()
	if !e.Report().Holds() {
		t.Errorf("an engine was made although layers are missing: %s", e.Report())
	}
}

func newProbeEngine(worker.Setup) (sandbox.Engine, error) { return probeEngine{}, nil }
