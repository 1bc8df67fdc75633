//go:build !linux

package worker

// near does nothing where threads cannot be told a processor.
func (l *lane) near() (apart func()) { return func() {} }

func (l *lane) far() {}
