// Package standard wires the usual parts of Annex together: goja, Badger and a
// master key beside it. It is what a program imports that embeds Annex, and the
// only place, beside the command line, where implementations are chosen.
package standard

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"time"

	"github.com/hashicorp/go-hclog"

	"github.com/annexhost/annex/bridge"
	"github.com/annexhost/annex/bridge/egress"
	"github.com/annexhost/annex/permissions"
	"github.com/annexhost/annex/runtime"
	"github.com/annexhost/annex/runtime/bundle"
	"github.com/annexhost/annex/runtime/js"
	"github.com/annexhost/annex/runtime/pack"
	"github.com/annexhost/annex/runtime/registry"
	"github.com/annexhost/annex/runtime/sandbox"
	"github.com/annexhost/annex/runtime/worker"
	"github.com/annexhost/annex/secrets"
	"github.com/annexhost/annex/storage"
)

// Options are the choices of who embeds Annex. The zero value is a host that
// reaches public addresses only, with the limits of the contract.
type Options struct {
	Logger hclog.Logger       // nil: none
	Limits runtime.Limits     // zero fields: the contract's
	Policy permissions.Policy // what may be asked for
	Egress egress.Policy      // the operator's exceptions for the network

	// Isolation says where handlers run: InProcess unless set. IsolationOf says
	// it for an engine (JavaScript, WebAssembly), or for an installation
	// ("acme/annex.notes"), which counts more. Nothing in a package has a say in
	// it. RequireJail makes Process fail where the operating system does not give
	// a complete jail, and InProcess altogether.
	Isolation   Isolation
	IsolationOf map[string]Isolation
	RequireJail bool

	// OneAuthor says that all packages are the same person's work: the process
	// that bundles them is kept, which makes a reload quicker. Otherwise each
	// package has one of its own, because a hostile one could change the next.
	OneAuthor bool

	// MasterKey seals secrets. Zero means the key in the data directory
	// (master.key, made on first use), or a fresh one for OpenMemory.
	MasterKey secrets.MasterKey

	// SaveMasterKey replaces MasterKey where it is kept, when it is rotated. Nil:
	// it cannot be replaced there. The key in the data directory needs none.
	SaveMasterKey func(secrets.MasterKey) error

	// NoSync trades durability for speed: an acknowledged write may be lost
	// when the machine loses power.
	NoSync bool

	Trust runtime.Trust // what is demanded of who made a package

	// Fetcher answers what handlers fetch, in place of the network. Nil: none.
	Fetcher func(org, extension string) bridge.Fetcher

	// What handlers log is kept for each installation up to LogBytes (4 MiB) and
	// LogAge (7 days), audit entries for AuditRetention (for ever).
	LogBytes       int64
	LogAge         time.Duration
	AuditRetention time.Duration

	BluePLM       string                // version that engines.blueplm is checked against
	StrictEngines bool                  // refuse what is not satisfied
	Meter         runtime.Meter         // nil: none
	OnEvent       func(runtime.Event)   // nil: none
	OnLog         func(runtime.LogLine) // nil: handlers log to Logger
	Record        runtime.RecordConfig  // nothing is recorded
	Now           func() time.Time      // nil: time.Now
	Random        io.Reader             // nil: crypto/rand

	// Wait stands in place of the machine's clock where handlers wait: see
	// sandbox.Invocation. Only for handlers that run in this process.
	Wait func(due time.Time, calls int) (rings <-chan struct{}, woken func())
}

// Host is a runtime.Host with the parts that it was made of.
type Host struct {
	*runtime.Host
	State *State

	options       Options
	reports       *reports
	engines       []sandbox.Engine // to be closed
	compiled      string           // directory of compiled code; empty: it is kept in memory
	workers       []*worker.Engine // those of them that have workers
	moduleWorkers *lazyEngine      // workers for WebAssembly, made with the first module; nil when none are used
	workshop      *workshop        // nil: this process bundles
	gateway       *egress.Gateway
}

// Open returns a host whose state is in dir, which is made when it does not
// exist. One process at a time can have it open.
func Open(ctx context.Context, dir string, o Options) (*Host, error) {
	state, err := OpenState(ctx, dir, o)
	if err != nil {
		return nil, err
	}
	return newHost(ctx, state, o, filepath.Join(dir, "compiled"))
}

// OpenMemory returns a host whose state ends with it.
func OpenMemory(ctx context.Context, o Options) (*Host, error) {
	state, err := memoryState(ctx, o)
	if err != nil {
		return nil, err
	}
	return newHost(ctx, state, o, "")
}

func newHost(ctx context.Context, state *State, o Options, compiled string) (_ *Host, err error) {
	h := &Host{State: state, options: o, compiled: compiled, reports: newReports(o)}
	defer func() {
		if err != nil {
			err = errors.Join(err, h.Close(ctx))
		}
	}()
	if err := o.CheckIsolation(); err != nil {
		return nil, err
	}
	javaScript, err := h.newEngine(JavaScript, func() (sandbox.Engine, error) {
		return newJavaScript(js.Config{Crashed: h.reports.crashed})
	})
	if err != nil {
		return nil, err
	}
	modules, err := h.newEngine(WebAssembly, func() (sandbox.Engine, error) { return h.modulesHere(compiled), nil })
	if err != nil {
		return nil, err
	}
	o.Egress.Observer = o.observer()
	if h.gateway, err = egress.New(o.Egress); err != nil {
		return nil, err
	}
	var build func(context.Context, string, bundle.Input) (bundle.Output, error)
	if h.workshop != nil {
		build = h.workshop.build
	}
	h.Host, err = runtime.New(ctx, runtime.Config{
		Store: state.Store, Keeper: state.Keeper, Audit: state.Audit, Logs: state.Logs, Credentials: state.Tokens, AuditRetention: o.AuditRetention,
		JavaScript: javaScript, WebAssembly: modules, Bundle: build, Gateway: h.gateway,
		Policy: o.Policy, Limits: o.Limits, Trust: o.Trust, Fetcher: o.Fetcher, BluePLM: o.BluePLM, StrictEngines: o.StrictEngines,
		Logger: o.Logger, Meter: o.Meter, OnEvent: o.OnEvent, OnLog: o.OnLog, Record: o.Record, Now: o.Now, Random: o.Random, Wait: o.Wait,
	})
	if err != nil {
		return nil, err
	}
	return h, nil
}

// InstallDir installs the package in a directory (or a .bpx file) and approves
// everything that it asks for: for packages that the program ships itself. For
// packages of others show Plan to a person and call Install with the answer.
func (h *Host) InstallDir(ctx context.Context, org, path string) (registry.Installation, error) {
	p, err := pack.Open(path, pack.Options{Manifest: h.ManifestOptions()})
	if err != nil {
		return registry.Installation{}, fmt.Errorf("%s: %w", filepath.Clean(path), err)
	}
	return h.Install(ctx, org, p, runtime.Consent{Granted: p.Manifest.Permissions, By: "embedding program"})
}

// Space is the data of one extension in one organization, within the limits
// of the options.
func (h *Host) Space(org, extension string) *storage.Space {
	return h.State.Space(org, extension, h.options)
}

// Logger is the host's log under a name.
func (h *Host) Logger(name string) hclog.Logger {
	if h.options.Logger == nil {
		return hclog.NewNullLogger()
	}
	return h.options.Logger.Named(name)
}

// Close ends the host: running invocations finish until ctx is done, then the
// store is closed.
func (h *Host) Close(ctx context.Context) error {
	var failed []error
	if h.Host != nil {
		failed = append(failed, h.Host.Close(ctx))
	}
	if h.gateway != nil {
		failed = append(failed, h.gateway.Close())
	}
	if h.workshop != nil {
		failed = append(failed, h.workshop.close())
	}
	for _, engine := range h.engines {
		failed = append(failed, engine.Close())
	}
	failed = append(failed, h.State.Close(ctx))
	return errors.Join(failed...)
}
