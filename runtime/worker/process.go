package worker

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"sync"
	"time"

	"github.com/annexhost/annex/runtime/worker/jail"
)

// spawner starts processes, all of them from one thread that lives as long as
// they do: the kernel ends a child when the thread that started it ends.
type spawner struct {
	config   Config
	requests chan *exec.Cmd
	started  chan error
	done     chan struct{}

	starting sync.Mutex // one at a time
	mu       sync.Mutex
	refused  string   // why processes have no namespaces; empty: they have
	nursery  *nursery // where those are started that have; nil: not needed yet
}

func newSpawner(c Config) *spawner {
	s := &spawner{config: c, requests: make(chan *exec.Cmd), started: make(chan error), done: make(chan struct{})}
	go s.serve()
	return s
}

func (s *spawner) serve() {
	defer close(s.done)
	runtime.LockOSThread() // and never unlocked: the thread ends with the goroutine
	jail.StartOrdinary()
	for cmd := range s.requests {
		s.started <- cmd.Start()
	}
}

func (s *spawner) start(cmd *exec.Cmd) (offspring, error) {
	s.starting.Lock()
	defer s.starting.Unlock()
	s.requests <- cmd
	return ownChild{cmd}, <-s.started
}

// close ends the spawner, after the last of its processes.
func (s *spawner) close() {
	s.mu.Lock()
	if s.nursery != nil {
		s.nursery.close()
	}
	s.mu.Unlock()
	close(s.requests)
	<-s.done
}

// offspring is a process that was started.
type offspring interface {
	pid() int
	kill()
	wait() any // until it has ended, and how it did, as the system says it
}

// ownChild is one that this process has started.
type ownChild struct{ cmd *exec.Cmd }

func (c ownChild) pid() int { return c.cmd.Process.Pid }
func (c ownChild) kill()    { _ = c.cmd.Process.Kill() } // it has ended, or it ends

func (c ownChild) wait() any {
	_ = c.cmd.Wait() // the state says more
	if s := c.cmd.ProcessState; s != nil {
		return s.Sys()
	}
	return nil
}

// prepare makes cmd start this program again as what argument says: with a socket,
// and what it writes goes to words.
func prepare(cmd *exec.Cmd, argument string, control, words *os.File) {
	cmd.Args = []string{workerProgram, argument}
	cmd.Env, cmd.Dir = []string{}, "/"
	if words != nil {
		cmd.Stdin, cmd.Stdout, cmd.Stderr = words, words, words
	}
	cmd.ExtraFiles = []*os.File{control}
	cmd.SysProcAttr = jail.Attributes()
}

// process is a started worker, and the host's ends of what leads to it.
type process struct {
	offspring
	control *os.File
	words   *os.File // what the worker says when it dies
	in      reader

	noNamespaces string // why it has none of its own; empty: it has

	mu  sync.Mutex
	out []byte
}

// command makes the command of a worker.
func (s *spawner) command() (*exec.Cmd, error) {
	if s.config.Command != nil {
		return s.config.Command(), nil
	}
	path, err := ownProgram()
	if err != nil {
		return nil, fmt.Errorf("worker: find the program to start again: %w", err)
	}
	return exec.Command(path), nil
}

// launch starts a process, which is not yet a worker: with namespaces of its
// own where the kernel lets it have them.
func (s *spawner) launch() (*process, error) {
	if s.config.Jail == JailOff {
		return s.launchWith("the worker is not jailed")
	}
	s.mu.Lock()
	refused := s.refused
	s.mu.Unlock()
	if refused != "" {
		return s.launchWith(refused)
	}
	p, err := s.launchWith("")
	if err == nil {
		return p, nil
	}
	refused = fmt.Sprintf("the kernel refuses them: %v", errors.Unwrap(err))
	if p, otherErr := s.launchWith(refused); otherErr == nil {
		s.mu.Lock()
		s.refused = refused
		s.mu.Unlock()
		return p, nil
	}
	return nil, err
}

// launchWith starts a process with namespaces, unless there is a reason for none.
func (s *spawner) launchWith(noNamespaces string) (*process, error) {
	cmd, err := s.command()
	if err != nil {
		return nil, err
	}
	control, controlChild, err := controlPair()
	if err != nil {
		return nil, fmt.Errorf("worker: %w", err)
	}
	defer controlChild.Close()
	words, wordsChild, err := pipe()
	if err != nil {
		return nil, errors.Join(fmt.Errorf("worker: %w", err), control.Close())
	}
	defer wordsChild.Close()
	var started offspring
	if noNamespaces == "" {
		started, err = s.bear(cmd, controlChild, wordsChild)
	} else {
		prepare(cmd, workerArgument, controlChild, wordsChild)
		started, err = s.start(cmd)
	}
	if err != nil {
		control.Close()
		words.Close()
		return nil, fmt.Errorf("worker: start %s: %w", cmd.Path, err)
	}
	p := &process{offspring: started, control: control, words: words, noNamespaces: noNamespaces}
	p.in.r = control
	return p, nil
}

// greet makes the process a worker: it waits until it is ready.
func (p *process) greet(h hello) (jail.Report, error) {
	const patience = 10 * time.Second
	if err := p.control.SetDeadline(time.Now().Add(patience)); err != nil {
		return nil, err
	}
	p.send(kindHello, h.append)
	k, f, err := p.in.next(keepSpace)
	if err != nil {
		return nil, err
	}
	m := f.ready()
	if err := f.done(); err != nil || k != kindReady {
		return nil, errMalformed
	}
	if m.failed != "" {
		return nil, errors.New(m.failed)
	}
	return m.report, p.control.SetDeadline(time.Time{})
}

// send writes a frame to the control socket. A worker that does not read it ends.
func (p *process) send(k kind, fill func([]byte) []byte) {
	p.mu.Lock()
	defer p.mu.Unlock()
	frame, err := endFrame(fill(beginFrame(p.out, k)))
	p.out = frame
	if err == nil {
		err = writeNow(p.control, frame, nil)
	}
	if err != nil {
		p.kill()
	}
}

// sendLane writes the frame that brings a lane.
func (p *process) sendLane(number int64, ends laneEnds) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	frame, err := endFrame(appendInt(beginFrame(p.out, kindLane), number))
	p.out = frame
	if err != nil {
		return err
	}
	return writeNow(p.control, frame, &ends)
}

// bury ends the process and waits for it. It returns how it ended and the first
// of its last words.
func (p *process) bury() (state any, words string) {
	const most = 8 << 10
	p.kill()
	state = p.wait()
	text := make([]byte, most)
	_ = p.words.SetReadDeadline(time.Now().Add(100 * time.Millisecond)) // nobody else should have the other end
	n, _ := io.ReadAtLeast(p.words, text, most)
	p.words.Close()
	p.control.Close()
	return state, string(text[:n])
}
