//go:build !linux

package worker

import (
	"os"
	"os/exec"
)

// nursery is not needed where processes have no namespaces.
type nursery struct{}

func (*nursery) close() {}

func beNursery() {}

func (s *spawner) bear(cmd *exec.Cmd, control, words *os.File) (offspring, error) {
	prepare(cmd, workerArgument, control, words)
	return s.start(cmd)
}
