package runtime

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/annexhost/annex/bridge"
	"github.com/annexhost/annex/runtime/pack"
	"github.com/annexhost/annex/runtime/recording"
	"github.com/annexhost/annex/runtime/registry"
	"github.com/annexhost/annex/runtime/sandbox"
)

// RecordConfig says which invocations are recorded. What was recorded before
// can be read in any case.
type RecordConfig struct {
	Wanted func(org, extension string) bool // nil: nothing is recorded
	Keep   int                              // recordings of an installation (recording.Keep)
}

// secretHeaders are request headers whose values no recording has.
var secretHeaders = []string{"authorization", "proxy-authorization", "cookie", "x-api-key"}

// record begins the recording of an invocation, nil when it is not wanted.
func (inv *invocation) record() *recording.Recorder {
	wanted := inv.host.cfg.Record.Wanted
	if wanted == nil || !wanted(inv.inst.Org, inv.inst.Extension) || !recording.CheckID(inv.call.ID) {
		return nil
	}
	return recording.New(recording.Recording{
		ID: inv.call.ID, Org: inv.inst.Org, Extension: inv.inst.Extension, Version: inv.inst.Version, Digest: inv.inst.Digest,
		Route: inv.reply.Route, Handler: handlerName(inv.route), At: inv.host.cfg.Now().UTC(),
	})
}

// redact takes out of a text the secrets that the handler has seen, and the
// credentials of the request.
func (inv *invocation) redact() func(string) string {
	var credentials []string
	for _, h := range inv.call.Header {
		if slices.Contains(secretHeaders, strings.ToLower(h[0])) {
			credentials = append(credentials, h[1])
			if _, alone, ok := strings.Cut(h[1], " "); ok { // behind its scheme
				credentials = append(credentials, alone)
			}
		}
	}
	return func(text string) string { return bridge.Redact(inv.session.Redact(text), credentials...) }
}

// Recordings lists the recordings of an organization, of one extension unless
// it is empty: by extension, the oldest first.
func (h *Host) Recordings(ctx context.Context, org, extension string) ([]recording.Summary, error) {
	if extension != "" {
		inst, err := h.find(ctx, org, extension)
		if err != nil {
			return nil, err
		}
		extension = inst.Extension
	}
	return h.recordings.List(ctx, org, extension)
}

// EraseRecordings removes the recordings of an extension.
func (h *Host) EraseRecordings(ctx context.Context, org, extension string) error {
	inst, err := h.find(ctx, org, extension)
	if err != nil {
		return err
	}
	return h.recordings.Erase(ctx, org, inst.Extension)
}

// Recording returns a recording by the id of its invocation.
func (h *Host) Recording(ctx context.Context, org, id string) (*recording.Recording, error) {
	rec, err := h.recordings.Get(ctx, org, id)
	if errors.Is(err, recording.ErrNotFound) {
		return nil, sandbox.Errorf(sandbox.NotFound, "there is no recording of an invocation %.100s", id)
	}
	return rec, err
}

// RecordedCode returns the handler that a recorded invocation ran, as long as
// the version is kept.
func (h *Host) RecordedCode(ctx context.Context, rec *recording.Recording) (registry.Bundled, error) {
	pkg, err := h.registry.Package(ctx, rec.Digest)
	if errors.Is(err, registry.ErrNotFound) {
		return registry.Bundled{}, sandbox.Errorf(sandbox.NotFound, "the code of %s %s that was recorded is not kept any more; replay it on a directory", rec.Extension, rec.Version)
	}
	if err != nil {
		return registry.Bundled{}, err
	}
	kept, ok := pkg.Handler(rec.Handler)
	if !ok {
		return registry.Bundled{}, sandbox.Errorf(sandbox.NotFound, "%s %s has no handler %s", rec.Extension, rec.Version, rec.Handler)
	}
	code, err := h.registry.Read(ctx, kept.Code)
	if err != nil {
		return registry.Bundled{}, err
	}
	sourceMap, err := h.registry.Read(ctx, kept.SourceMap)
	return registry.Bundled{Path: rec.Handler, Code: code, SourceMap: sourceMap}, err
}

// ChangedCode returns the handler that a package has now for a recorded route.
func (h *Host) ChangedCode(ctx context.Context, rec *recording.Recording, p *pack.Package) (registry.Bundled, error) {
	if string(p.Manifest.ID) != rec.Extension {
		return registry.Bundled{}, sandbox.Errorf(sandbox.Invalid, "the recording is of %s, and the package is %s", rec.Extension, p.Manifest.ID)
	}
	for _, route := range p.Manifest.Contributes.APIRoutes {
		if route.Method+" "+route.Path == rec.Route {
			return h.bundleOne(ctx, p, route.Handler, handlerName(route))
		}
	}
	return registry.Bundled{}, sandbox.Errorf(sandbox.NotFound, "%s has no route %s", p.Manifest.ID, rec.Route)
}

// Replayed is what came of running a recorded invocation again.
type Replayed struct {
	Result      recording.Payload      `json:"result"`
	Failure     *recording.Failure     `json:"failure,omitempty"`
	Differences []recording.Difference `json:"differences"`
}

// Replay runs a recorded invocation again on the handler given, with the input,
// the clock and the randomness that it had; calls out of the sandbox get the
// recorded answers and touch nothing.
func (h *Host) Replay(ctx context.Context, rec *recording.Recording, code registry.Bundled) (Replayed, error) {
	if rec.Incomplete != "" {
		return Replayed{}, sandbox.Errorf(sandbox.Invalid, "the recording is not complete: %s", rec.Incomplete)
	}
	engine := h.engine(code.Path)
	if engine == nil {
		return Replayed{}, sandbox.Errorf(sandbox.Invalid, "no engine for %s", code.Path)
	}
	program, err := engine.Compile(ctx, source(rec.Extension, code))
	if err != nil {
		return Replayed{}, err
	}
	defer program.Close()
	player := recording.Play(rec, func(text string) string { return bridge.Redact(text, recording.Redacted) })
	out, err := program.Run(ctx, player.Invocation("replay/"+rec.Org+"/"+rec.Extension), player.Call)
	done := Replayed{Differences: []recording.Difference{}}
	done.Differences = append(done.Differences, player.Compare(out.Result, err)...)
	done.Result, done.Failure = recording.Outcome(out.Result, err)
	return done, nil
}

// notRecorded logs that a recording was lost.
func (h *Host) notRecorded(err error) {
	h.log.Warn("an invocation was not recorded", "error", fmt.Sprint(err))
}
