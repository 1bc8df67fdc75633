package js

import "sync"

// maxIdleCallers is how many goroutines of calls are kept for the next ones.
const maxIdleCallers = 64

// callers runs calls that wait, each on a goroutine of its own. The goroutines
// are used again: a new one grows its stack several times on its way down to the
// store, which costs more than the call.
type callers struct {
	work   chan func()   // taken by an idle goroutine, if there is one
	idle   chan struct{} // has an element for each idle goroutine
	closed chan struct{}
	close  func() // ends the idle goroutines; calls that run are not waited for
}

func newCallers() *callers {
	c := &callers{work: make(chan func()), idle: make(chan struct{}, maxIdleCallers), closed: make(chan struct{})}
	c.close = sync.OnceFunc(func() { close(c.closed) })
	return c
}

// run runs f on another goroutine, at once.
func (c *callers) run(f func()) {
	select {
	case c.work <- f:
	default:
		go c.serve(f)
	}
}

// serve runs f, and then what comes while there is room for idle goroutines.
func (c *callers) serve(f func()) {
	for {
		f()
		select {
		case c.idle <- struct{}{}:
		default:
			return
		}
		select {
		case f = <-c.work:
			<-c.idle
		case <-c.closed:
			return
		}
	}
}
