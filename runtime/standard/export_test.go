package standard

import (
	"context"

	"github.com/annexhost/annex/runtime/bundle"
	"github.com/annexhost/annex/runtime/worker"
)

// NewWorkshop returns what bundles in workers, and what ends that.
func NewWorkshop() (build func(context.Context, string, bundle.Input) (bundle.Output, error), end func() error) {
	w := newWorkshop(worker.Config{}, false)
	return w.build, w.close
}
