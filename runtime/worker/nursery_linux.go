package worker

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"sync"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/annexhost/annex/runtime/worker/jail"
)

// nursery is the host's side of a process that starts workers with namespaces.
// Such a process is no vfork but a fork: where it starts, all page tables are
// copied. Those of the host, which has the state, would take as long as all the
// rest for each few hundred MiB; those of a process that has nothing take none.
type nursery struct {
	cmd     *exec.Cmd
	control *os.File
	in      reader
	gone    chan struct{} // closed when it has ended

	mu       sync.Mutex
	out      []byte
	lastID   int64
	children map[int64]*nursling
}

// nursling is a process that the nursery has started, or was asked to.
type nursling struct {
	of      *nursery
	id      int64
	number  int           // as the host sees it
	failed  error         // why it was not started
	started chan struct{} // closed when number or failed is set
	ended   chan struct{} // closed when status is set
	status  any           // nil: not known
}

var errNursery = errors.New("the process that starts workers has ended")

// bear starts a worker with namespaces: from the nursery, or from here where there is
// none to be had.
func (s *spawner) bear(cmd *exec.Cmd, control, words *os.File) (offspring, error) {
	for range 2 {
		n, err := s.theNursery()
		if err != nil {
			break
		}
		c, err := n.start(cmd.Path, control, words)
		if err == nil {
			return c, nil
		}
		if !errors.Is(err, errNursery) {
			return nil, err
		}
	}
	prepare(cmd, workerArgument, control, words)
	jail.NewNamespaces(cmd.SysProcAttr)
	return s.start(cmd)
}

// theNursery returns the nursery, a new one when the last has ended.
func (s *spawner) theNursery() (*nursery, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.nursery != nil && !s.nursery.ended() {
		return s.nursery, nil
	}
	cmd, err := s.command()
	if err != nil {
		return nil, err
	}
	n, err := newNursery(s, cmd)
	if err != nil {
		return nil, err
	}
	s.nursery = n
	go n.attend()
	return n, nil
}

func (n *nursery) ended() bool {
	select {
	case <-n.gone:
		return true
	default:
		return false
	}
}

// newNursery starts one. It ends with the spawner's thread, and when the host closes
// its socket.
func newNursery(s *spawner, cmd *exec.Cmd) (*nursery, error) {
	control, child, err := controlPair()
	if err != nil {
		return nil, err
	}
	defer child.Close()
	prepare(cmd, nurseryArgument, child, nil)
	if _, err := s.start(cmd); err != nil {
		return nil, errors.Join(err, control.Close())
	}
	n := &nursery{cmd: cmd, control: control, children: map[int64]*nursling{}, gone: make(chan struct{})}
	n.in.r = control
	return n, nil
}

// start has a process started, whose descriptors are those of a worker.
func (n *nursery) start(path string, control, words *os.File) (*nursling, error) {
	n.mu.Lock()
	n.lastID++
	c := &nursling{of: n, id: n.lastID, started: make(chan struct{}), ended: make(chan struct{})}
	if n.ended() {
		n.mu.Unlock()
		return nil, errNursery
	}
	n.children[c.id] = c
	n.send(kindStart, &laneEnds{in: control, out: words}, func(b []byte) []byte { return appendString(appendInt(b, c.id), path) })
	n.mu.Unlock()
	<-c.started
	return c, c.failed
}

// send writes a frame. A nursery that does not take it ends. It is locked.
func (n *nursery) send(k kind, with *laneEnds, fill func([]byte) []byte) {
	frame, err := endFrame(fill(beginFrame(n.out, k)))
	n.out = frame
	if err == nil {
		err = writeNow(n.control, frame, with)
	}
	if err != nil {
		_ = n.cmd.Process.Kill()
	}
}

// attend takes what the nursery says, until it ends. What it has started ends with it.
func (n *nursery) attend() {
	for {
		k, f, err := n.in.next(keepSpace)
		if err != nil {
			break
		}
		n.mu.Lock()
		c := n.children[f.int()]
		switch {
		case c == nil:
		case k == kindStarted:
			c.number = int(f.int())
			if why := f.string(); why != "" {
				c.failed = errors.New(why)
				delete(n.children, c.id)
			}
			close(c.started)
		case k == kindEnded:
			c.status = syscall.WaitStatus(f.int())
			close(c.ended)
			delete(n.children, c.id)
		}
		n.mu.Unlock()
	}
	_ = n.cmd.Process.Kill()
	_ = n.cmd.Wait()
	n.mu.Lock()
	defer n.mu.Unlock()
	close(n.gone)
	n.control.Close()
	for _, c := range n.children {
		c.lost()
	}
}

// lost ends a process of a nursery that has ended.
func (c *nursling) lost() {
	select {
	case <-c.started:
	default:
		c.failed = errNursery
		close(c.started)
	}
	close(c.ended)
}

// close ends the nursery, after the last of its processes.
func (n *nursery) close() {
	_ = n.control.Close()
	<-n.gone
}

func (c *nursling) pid() int { return c.number }

func (c *nursling) kill() {
	c.of.mu.Lock()
	defer c.of.mu.Unlock()
	if c.of.children[c.id] == c {
		c.of.send(kindKill, nil, func(b []byte) []byte { return appendInt(b, c.id) })
	}
}

func (c *nursling) wait() any {
	<-c.ended
	return c.status
}

// beNursery makes this process one, until its host has ended.
func beNursery() {
	n := &nurse{control: newControlSocket(), children: map[int64]*exec.Cmd{}}
	n.in.r = &n.control
	n.serve()
}

// nurse is the nursery itself.
type nurse struct {
	control controlSocket
	in      reader

	mu       sync.Mutex
	out      []byte
	children map[int64]*exec.Cmd
}

// serve starts and ends processes as the host asks, until it closes the socket. It
// stays on one thread, with which its processes end.
func (n *nurse) serve() {
	runtime.LockOSThread()
	jail.StartOrdinary()
	unix.CloseOnExec(controlFile)
	for {
		k, f, err := n.in.next(keepSpace)
		if err != nil {
			return
		}
		id := f.int()
		switch k {
		case kindStart:
			n.start(id, f.string())
		case kindKill:
			n.mu.Lock()
			if cmd := n.children[id]; cmd != nil {
				_ = cmd.Process.Kill()
			}
			n.mu.Unlock()
		}
	}
}

// start starts a process whose descriptors came with the frame.
func (n *nurse) start(id int64, path string) {
	ends, ok := n.control.takeFile()
	if !ok {
		os.Exit(1)
	}
	control, words := os.NewFile(uintptr(ends.in), "control"), os.NewFile(uintptr(ends.out), "last words")
	cmd := exec.Command(path)
	prepare(cmd, workerArgument, control, words)
	jail.NewNamespaces(cmd.SysProcAttr)
	err := cmd.Start()
	control.Close()
	words.Close()
	n.mu.Lock()
	defer n.mu.Unlock()
	if err != nil {
		n.send(kindStarted, func(b []byte) []byte { return appendString(appendInt(appendInt(b, id), 0), fmt.Sprint(err)) })
		return
	}
	n.children[id] = cmd
	n.send(kindStarted, func(b []byte) []byte { return appendString(appendInt(appendInt(b, id), int64(cmd.Process.Pid)), "") })
	go n.await(id, cmd)
}

// await tells the host how a process ended.
func (n *nurse) await(id int64, cmd *exec.Cmd) {
	_ = cmd.Wait() // the state says more
	status, _ := cmd.ProcessState.Sys().(syscall.WaitStatus)
	n.mu.Lock()
	defer n.mu.Unlock()
	delete(n.children, id)
	n.send(kindEnded, func(b []byte) []byte { return appendInt(appendInt(b, id), int64(status)) })
}

// send writes a frame. It is locked.
func (n *nurse) send(k kind, fill func([]byte) []byte) {
	frame, err := endFrame(fill(beginFrame(n.out, k)))
	n.out = frame
	if err == nil {
		_, err = n.control.Write(frame)
	}
	if err != nil && !errors.Is(err, io.EOF) {
		os.Exit(1)
	}
}
