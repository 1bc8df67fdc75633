package js

type warmer struct{}

func newWarmer(e *Engine) *warmer { return &warmer{} }
func (w *warmer) close()          {}
