package runtime

import (
	"errors"

	"github.com/annexhost/annex/runtime/sandbox"
)

// remedies say how an operator raises a limit that an invocation hit.
var remedies = map[sandbox.Reason]string{
	sandbox.ReasonWall:   "--limit-wall raises it",
	sandbox.ReasonCPU:    "--limit-cpu raises it",
	sandbox.ReasonMemory: "--limit-memory raises it",
}

// withRemedy completes the error of a limit: which one and how much was used
// the engine has said.
func withRemedy(err error) error {
	var limit *sandbox.Error
	if !errors.As(err, &limit) || remedies[limit.Reason] == "" {
		return err
	}
	told := *limit
	told.Message += "; " + remedies[limit.Reason]
	return &told
}
