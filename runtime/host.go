package runtime

import (
	"context"
	"errors"
	"io"
	"sync"
	"time"

	"github.com/hashicorp/go-hclog"

	"github.com/annexhost/annex/bridge"
	"github.com/annexhost/annex/bridge/egress"
	"github.com/annexhost/annex/permissions"
	"github.com/annexhost/annex/runtime/admission"
	"github.com/annexhost/annex/runtime/audit"
	"github.com/annexhost/annex/runtime/bundle"
	"github.com/annexhost/annex/runtime/logs"
	"github.com/annexhost/annex/runtime/manifest"
	"github.com/annexhost/annex/runtime/recording"
	"github.com/annexhost/annex/runtime/registry"
	"github.com/annexhost/annex/runtime/sandbox"
	"github.com/annexhost/annex/secrets"
	"github.com/annexhost/annex/storage"
)

// Version is the version of Annex, which engines.annex of a manifest asks about.
const Version = "0.1.0"

// Config is what a [Host] is made of. The fields marked required have no
// default; the zero value of every other one means the default that it names.
type Config struct {
	Store  storage.Store   // required; the host does not close it
	Keeper *secrets.Keeper // required
	Audit  *audit.Log      // required; the host does not close it

	// JavaScript and WebAssembly run handlers of that kind. A package that
	// needs an engine which is nil is refused. The host does not close them.
	JavaScript  sandbox.Engine
	WebAssembly sandbox.Engine

	// Bundle makes one script of a handler and what it imports, for a package
	// that is named by its content. Nil: bundle.Build, in this process.
	Bundle func(ctx context.Context, pkg string, in bundle.Input) (bundle.Output, error)

	// Gateway is the way out to the network. Nil: there is none.
	Gateway *egress.Gateway

	// Fetcher stands in place of the Gateway where a program answers requests of
	// handlers itself, as tests do. Nil: the Gateway.
	Fetcher func(org, extension string) bridge.Fetcher

	Policy permissions.Policy // what the operator allows to be asked for
	Limits Limits

	// BluePLM is the version against which engines.blueplm of a manifest is
	// checked ("3.9.9"). StrictEngines refuses what is not satisfied, where
	// otherwise a warning says so.
	BluePLM       string
	StrictEngines bool

	Trust Trust // what is demanded of who made a package

	// Logs keeps what handlers log. Nil: nothing is kept.
	Logs *logs.Book

	// Credentials go with an organization that is exported. Nil: none do.
	Credentials Credentials

	// AuditRetention is how long audit entries are kept. Zero: for ever.
	AuditRetention time.Duration

	// GracePeriod is how long the data of an uninstalled extension is kept (30 days).
	GracePeriod time.Duration

	// Programs is how many compiled handlers are kept (1,000).
	Programs int

	Logger hclog.Logger // nil: none
	Meter  Meter        // nil: none

	// OnEvent and OnLog take what handlers emit and log. They are called on
	// the goroutines of invocations and must return soon. Without OnLog
	// handlers log to Logger.
	OnEvent func(Event)
	OnLog   func(LogLine)

	Record RecordConfig // nothing is recorded

	Now    func() time.Time // nil: time.Now
	Random io.Reader        // nil: crypto/rand

	// Wait stands in place of the machine's clock where handlers wait: see
	// sandbox.Invocation. Only for handlers that run in this process.
	Wait func(due time.Time, calls int) (rings <-chan struct{}, woken func())
}

// Host installs extensions and runs their handlers. It is safe for concurrent use.
type Host struct {
	cfg       Config
	log       hclog.Logger
	handlers  hclog.Logger // what handlers log
	chatter   *chatter     // how much of that, and of failures
	registry  *registry.Registry
	installs  *installs
	programs  *programs
	running   *inflight
	limiter   *admission.Limiter
	slots     *admission.Slots
	building  *admission.Slots // packages that are bundled and compiled
	sweeper   *storage.Sweeper
	tally     *tally
	ready     readiness
	erasing   sync.Mutex // held while an organization is erased
	manifests manifest.Options

	recordings *recording.Archive

	stop    context.CancelFunc // of housekeeping
	stopped chan struct{}
}

// New returns a host over what cfg names. It finishes what an earlier process
// left half done, and starts the housekeeping that expires and purges data.
func New(ctx context.Context, cfg Config) (*Host, error) {
	if cfg.Store == nil || cfg.Keeper == nil || cfg.Audit == nil {
		return nil, errors.New("runtime: a host needs Store, Keeper and Audit")
	}
	if cfg.JavaScript == nil && cfg.WebAssembly == nil {
		return nil, errors.New("runtime: a host needs an engine")
	}
	cfg.Limits = cfg.Limits.withDefaults()
	if cfg.GracePeriod == 0 {
		cfg.GracePeriod = 30 * 24 * time.Hour
	}
	cfg.Programs = orDefault(cfg.Programs, 1000)
	if cfg.Bundle == nil {
		cfg.Bundle = func(ctx context.Context, _ string, in bundle.Input) (bundle.Output, error) {
			return bundle.Build(ctx, in)
		}
	}
	if cfg.Logger == nil {
		cfg.Logger = hclog.NewNullLogger()
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	h := &Host{
		cfg:      cfg,
		log:      cfg.Logger,
		handlers: cfg.Logger.Named("handler"),
		chatter:  newChatter(cfg),
		registry: registry.New(cfg.Store),
		programs: newPrograms(cfg.Programs),
		running:  newInflight(),
		limiter:  admission.New(admission.Config{Start: cfg.Now()}),
		slots:    admission.NewSlots(cfg.Limits.slots()),
		building: admission.NewSlots(building),
		sweeper:  storage.NewSweeper(cfg.Store),
		tally:    newTally(cfg.Now()),
		manifests: manifest.Options{
			Permissions: cfg.Policy, AnnexVersion: Version, BluePLM: cfg.BluePLM, Strict: cfg.StrictEngines,
		},
		stopped: make(chan struct{}),
	}
	h.installs = newInstalls(h.load, h.programs.dropUnused)
	if err := h.registry.Recover(ctx); err != nil {
		return nil, err
	}
	h.recordings = recording.Open(cfg.Store, cfg.Record.Keep, h.notRecorded)
	background, stop := context.WithCancel(context.WithoutCancel(ctx))
	h.stop = stop
	go h.keepHouse(background)
	return h, nil
}

// ManifestOptions are what a manifest is checked against, for who opens a
// package that this host shall install.
func (h *Host) ManifestOptions() manifest.Options { return h.manifests }

// Close refuses new invocations, waits for the running ones until ctx is done,
// then ends them, and stops the housekeeping.
func (h *Host) Close(ctx context.Context) error {
	h.running.close(ctx)
	h.stop()
	<-h.stopped
	h.recordings.Close()
	h.programs.close()
	return nil
}

// Programs is how many compiled handlers are held now.
func (h *Host) Programs() int { return h.programs.size() }

// Health returns an error when the host cannot answer calls: when its store
// cannot be read.
func (h *Host) Health(ctx context.Context) error {
	_, err := h.registry.List(ctx, "health", "", 1)
	return err
}

// Slots returns how many invocations run, and how many wait for their turn.
func (h *Host) Slots() (running, waiting int) { return h.slots.InUse() }
