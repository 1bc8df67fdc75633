package standard

import (
	"context"
	"errors"
	"path/filepath"
	"time"

	"github.com/annexhost/annex/runtime/sandbox"
	"github.com/annexhost/annex/runtime/worker"
	"github.com/annexhost/annex/runtime/worker/jail"
	"github.com/annexhost/annex/storage/badgerstore"
)

// Workers is what was found of the workers of this system.
type Workers struct {
	Jail   jail.Report
	Ready  time.Duration // from nothing to a worker that may be given something
	First  time.Duration // one invocation in it, which is the first
	Second time.Duration // the same again
}

// InspectWorkers starts a worker as [Process] does, runs something in it, and
// ends it. The program calls [WorkerMain] first in main.
func InspectWorkers(ctx context.Context) (_ Workers, err error) {
	began := time.Now()
	engine, err := worker.New(worker.Config{Engine: JavaScript, Spares: 1})
	if err != nil {
		return Workers{}, err
	}
	defer func() { err = errors.Join(err, engine.Close()) }()
	found := Workers{Jail: engine.Report(), Ready: time.Since(began)}
	program, err := engine.Compile(ctx, sandbox.Source{Name: "doctor.js", Code: []byte("module.exports = () => 1")})
	if err != nil {
		return found, err
	}
	defer func() { err = errors.Join(err, program.Close()) }()
	for _, took := range []*time.Duration{&found.First, &found.Second} {
		began = time.Now()
		_, err = program.Run(ctx, sandbox.Invocation{ID: "doctor", Tenant: "doctor"}, nil)
		if *took = time.Since(began); err != nil {
			return found, err
		}
	}
	return found, nil
}

// StoreCondition is what can be said of the store in a data directory without
// opening it.
type StoreCondition = badgerstore.Condition

// InspectStore looks at the store of a data directory, and changes nothing.
func InspectStore(dir string) (StoreCondition, error) {
	return badgerstore.Inspect(filepath.Join(dir, "store"))
}
