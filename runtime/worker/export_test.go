package worker

// RaceDetector is raceDetector, for tests of what memory a guest may use.
const RaceDetector = raceDetector

// Processes returns the numbers of the processes of an engine, as the host sees
// them.
func (e *Engine) Processes() []int {
	var pids []int
	for _, p := range []*pool{e.programs, e.compiler} {
		p.mu.Lock()
		for _, w := range p.all() {
			pids = append(pids, w.process.pid())
		}
		p.mu.Unlock()
	}
	return pids
}

// WorkersOf returns the numbers of the processes that run a tenant's invocations.
func (e *Engine) WorkersOf(key string) []int {
	e.programs.mu.Lock()
	defer e.programs.mu.Unlock()
	var pids []int
	if t := e.programs.tenants[key]; t != nil {
		for _, w := range t.workers {
			pids = append(pids, w.process.pid())
		}
	}
	return pids
}

// The kinds of frames, for workers that lie.
const (
	KindOpened  = byte(kindOpened)
	KindCrashed = byte(kindCrashed)
	KindLoaded  = byte(kindLoaded)
	KindDone    = byte(kindDone)
	KindCall    = byte(kindCall)
	KindAnswer  = byte(kindAnswer)
	KindLeave   = byte(kindLeave)
	KindTime    = byte(kindTime)
	KindChance  = byte(kindChance)
)
