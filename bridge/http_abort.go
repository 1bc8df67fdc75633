package bridge

import "context"

// maxSignal is how many bytes the name of a request has at most.
const maxSignal = 64

// abortable returns a context that ends when the request of that name is
// aborted, before or from now on. A request without a name cannot be.
func (s *Session) abortable(ctx context.Context, name string) (context.Context, func()) {
	if name == "" {
		return ctx, func() {}
	}
	ctx, cancel := context.WithCancel(ctx)
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, known := s.signals[name]; known {
		cancel() // calls may overtake each other: this one was aborted already, or the name is in use
		return ctx, func() {}
	}
	s.signal(name, cancel)
	return ctx, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		delete(s.signals, name)
		cancel()
	}
}

// abort ends the request of that name, also one that is still to come.
func (s *Session) abort(name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if cancel := s.signals[name]; cancel != nil {
		cancel()
		return
	}
	s.signal(name, nil)
}

// signal notes what ends a request, nil for one that has ended before it began.
// The session is locked; the quota of calls bounds how many there are.
func (s *Session) signal(name string, cancel context.CancelFunc) {
	if s.signals == nil {
		s.signals = map[string]context.CancelFunc{}
	}
	s.signals[name] = cancel
}
