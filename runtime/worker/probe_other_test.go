//go:build unix && !linux

package worker_test

import (
	"errors"

	"github.com/annexhost/annex/runtime/sandbox"
	"github.com/annexhost/annex/runtime/worker"
)

func newProbeEngine(worker.Setup) (sandbox.Engine, error) {
	return nil, errors.New("there is no jail to probe on this system")
}
