package worker

import "golang.org/x/sys/unix"

// Places are the processors of a machine.
type Places struct{ p places }

// Elsewhere is no processor.
const Elsewhere = elsewhere

func (p *Places) Enter(all *unix.CPUSet, at int) int { return p.p.enter(all, at) }

func (p *Places) Leave(cpu int) { p.p.leave(cpu) }
