package standard_test

import (
	"context"
	"strings"
	"testing"

	"github.com/annexhost/annex/runtime/standard"
)

// The test program does not call WorkerMain: started again it would be a second
// copy of the tests.
func TestProcessNeedsWorkerMain(t *testing.T) {
	for isolation, want := range map[standard.Isolation]string{
		standard.Process: "WorkerMain",
		"thread":         `"thread"`,
	} {
		h, err := standard.OpenMemory(context.Background(), standard.Options{Isolation: isolation})
		if err == nil {
			h.Close(context.Background())
			t.Errorf("%s: got a host", isolation)
			continue
		}
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want it to say %s", isolation, err, want)
		}
	}
}
