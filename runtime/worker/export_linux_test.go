package worker

import "golang.org/x/sys/unix"

// Nursery returns the number of the process that starts an engine's workers.
func (e *Engine) Nursery() int {
	s := e.programs.spawn
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.nursery == nil {
		return 0
	}
	return s.nursery.cmd.Process.Pid
}

// Places are the processors of a machine.
type Places struct{ p places }

// Elsewhere is no processor.
const Elsewhere = elsewhere

func (p *Places) Enter(all *unix.CPUSet, at int) int { return p.p.enter(all, at) }

func (p *Places) Leave(cpu int) { p.p.leave(cpu) }
