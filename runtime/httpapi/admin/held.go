package admin

import (
	"io"
	"sync/atomic"

	"github.com/annexhost/annex/runtime/sandbox"
)

// maxHeld is how many bytes of JSON bodies are in memory at the same time, of all
// callers: eight of the largest packages. Who comes when it is full tries again.
const maxHeld = 8 * maxPackageBody

// holding counts bytes that are in memory.
type holding struct{ n atomic.Int64 }

// held is a body whose bytes count until release.
type held struct {
	from io.Reader
	all  *holding
	mine int64
}

func (h *held) Read(p []byte) (int, error) {
	n, err := h.from.Read(p)
	h.mine += int64(n)
	if h.all.n.Add(int64(n)) > maxHeld {
		return 0, &sandbox.Error{Code: sandbox.Unavailable, RetryAfter: 1, Message: "There are too many large requests at the moment"}
	}
	return n, err
}

// release says that nothing of the body is needed any more.
func (h *held) release() {
	h.all.n.Add(-h.mine)
	h.mine = 0
}
