package runtime

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/annexhost/annex/bridge"
	"github.com/annexhost/annex/runtime/admission"
	"github.com/annexhost/annex/runtime/manifest"
	"github.com/annexhost/annex/runtime/registry"
	"github.com/annexhost/annex/runtime/sandbox"
	"github.com/annexhost/annex/storage"
)

// invocation is one call on its way through the host.
type invocation struct {
	host  *Host
	call  Call
	began time.Time // monotonic, for the ledger

	inst    *installed
	route   manifest.Route
	params  map[string]string
	program *program        // nil until taken
	session *bridge.Session // nil until open

	reply  Reply
	ledger Ledger
}

// Invoke answers one call. The error is nil or a *sandbox.Error; the Reply
// says as much as is known in either case, its ledger always.
func (h *Host) Invoke(ctx context.Context, call Call) (Reply, error) {
	inv := &invocation{host: h, call: call, began: time.Now()}
	err := inv.perform(ctx)
	return inv.end(err)
}

// perform is the way of a request: resolve the installation and the route,
// admit, open a session with identity and grants fixed, run the handler, and
// map what it returned. Every step is a method below or a file of its own.
func (inv *invocation) perform(ctx context.Context) error {
	ctx, leave, err := inv.resolve(ctx)
	if err != nil {
		return err
	}
	defer leave()
	release, err := inv.admit(ctx)
	if err != nil {
		return err
	}
	defer release()
	if err := inv.take(ctx); err != nil {
		return err
	}
	defer inv.host.programs.release(inv.program)
	input, err := bridge.Input(inv.request(), inv.call.User, inv.inst.config)
	if err != nil {
		return err
	}
	inv.session = inv.open()
	result, err := inv.run(ctx, input)
	if closed := inv.close(ctx); closed != nil {
		return closed
	}
	if err != nil {
		return err
	}
	return inv.answer(result)
}

// resolve finds whom the call is for. The context that it returns ends when
// the installation is revoked: an invocation is known as running before its
// grants are read, so that a revocation cannot fall between the two.
func (inv *invocation) resolve(ctx context.Context) (context.Context, func(), error) {
	id, err := inv.host.fullID(ctx, inv.call.Org, inv.call.Extension)
	if err != nil {
		return ctx, nil, inv.lookupError(err)
	}
	o := owner{inv.call.Org, id}
	ctx, leave, ok := inv.host.running.enter(ctx, o)
	if !ok {
		return ctx, nil, &sandbox.Error{Code: sandbox.Unavailable, Message: "the host is shutting down", RetryAfter: 1}
	}
	if err := inv.match(ctx, o); err != nil {
		leave()
		return ctx, nil, err
	}
	return ctx, leave, nil
}

// match reads the installation as it is now, and finds the route in it.
func (inv *invocation) match(ctx context.Context, o owner) error {
	inst, err := inv.host.installs.get(ctx, o)
	if err == nil && (inst.Removed() || !inst.Enabled || inst.org != registry.OrgActive) {
		err = registry.ErrNotFound
	}
	if err != nil {
		return inv.lookupError(err)
	}
	match := inst.manifest.Match(inv.call.Method, inv.call.Path)
	if inv.call.Public && (!match.Route.Public || !inst.grants.HasPublic()) {
		match = manifest.Match{}
	}
	if !match.Found {
		inv.reply.Allow = match.Allowed
		return inv.noHandler()
	}
	inv.inst, inv.route, inv.params = inst, match.Route, match.Params
	inv.reply.Extension, inv.reply.Route = inst.Extension, match.Route.Method+" "+match.Route.Path
	return nil
}

// fullID returns the id that name stands for: a full id is one already, a
// short one must be unique in the organization.
func (h *Host) fullID(ctx context.Context, org, name string) (string, error) {
	if manifest.IsID(name) {
		return name, nil
	}
	if !manifest.IsShortName(name) {
		return "", registry.ErrNotFound
	}
	return h.registry.FindShort(ctx, org, name)
}

// lookupError hides why there is nothing: what belongs to others and what does
// not exist are answered alike.
func (inv *invocation) lookupError(err error) error {
	if errors.Is(err, registry.ErrNotFound) {
		return inv.noHandler()
	}
	return inv.host.fault(inv.call.ID, "find the installation", err)
}

func (inv *invocation) noHandler() error {
	path := "/extensions/" + inv.call.Extension
	if inv.call.Public {
		path = "" // whose address it is, is not the caller's to know
	}
	if inv.call.Path != "" {
		path += "/" + inv.call.Path
	}
	return &sandbox.Error{Code: sandbox.NotFound, Message: fmt.Sprintf("No handler found for %s %s", inv.call.Method, path)}
}

// admit applies the rate limit and waits for a slot.
func (inv *invocation) admit(ctx context.Context) (release func(), err error) {
	h := inv.host
	limit, key := h.cfg.Limits.Rate, inv.call.Org+"/"+inv.inst.Extension
	if inv.call.Public {
		limit, key = h.cfg.Limits.PublicRate, "public/"+key
	}
	if inv.route.RateLimit > 0 {
		limit, key = inv.route.RateLimit, key+" "+inv.reply.Route
	}
	if limit != Unlimited {
		d := h.limiter.Allow(key, limit, h.cfg.Now())
		inv.reply.Rate = Rate{Limit: d.Limit, Remaining: d.Remaining, Reset: d.Reset, RetryAfter: d.RetryAfter}
		if err := d.Err(); err != nil {
			return nil, err
		}
	}
	// Strangers at a public door must not take the slots of those who are known.
	lane := admission.Owner{Org: inv.call.Org, Extension: inv.inst.Extension}
	if inv.call.Public {
		lane.Extension = "public/" + lane.Extension
	}
	slot, err := h.slots.Acquire(ctx, lane)
	if err != nil {
		return nil, err
	}
	return slot.Release, nil
}

// request is what the handler sees of the call.
func (inv *invocation) request() bridge.Request {
	return bridge.Request{
		ID: inv.call.ID, Method: inv.call.Method, Path: inv.call.Path, RawQuery: inv.call.RawQuery, URL: inv.call.URL,
		Params: inv.params, Header: inv.call.Header, Body: inv.call.Body, Public: inv.call.Public,
	}
}

// take compiles the handler unless that was done before, and holds on to it:
// from here on the invocation finishes on this version. A version that was
// replaced and released since it was resolved is resolved again.
func (inv *invocation) take(ctx context.Context) error {
	for tries := 0; ; tries++ {
		program, err := inv.host.program(ctx, inv.inst, handlerName(inv.route))
		if err == nil {
			inv.program = program
			return nil
		}
		old := inv.inst.Digest
		if errors.Is(err, storage.ErrNotFound) && tries < 3 {
			o := owner{inv.inst.Org, inv.inst.Extension}
			inv.host.installs.forget(o) // it may be about to be forgotten
			if err := inv.match(ctx, o); err != nil {
				return err
			}
			if inv.inst.Digest != old {
				continue
			}
		}
		return inv.host.fault(inv.call.ID, "compile the handler", err)
	}
}

// run runs the handler.
func (inv *invocation) run(ctx context.Context, input sandbox.Payload) (sandbox.Payload, error) {
	asked, call := sandbox.Invocation{
		ID: inv.call.ID, Tenant: inv.inst.Org + "/" + inv.inst.Extension, Input: input, Limits: inv.host.cfg.Limits.Sandbox,
		Now: inv.host.cfg.Now, Random: inv.host.cfg.Random, Wait: inv.host.cfg.Wait,
	}, sandbox.Caller(inv.session.Call)
	recorder := inv.record()
	if recorder != nil {
		asked, call = recorder.Wrap(asked, call)
	}
	out, err := inv.program.Run(ctx, asked, call)
	if recorder != nil {
		inv.host.recordings.Put(recorder.Finish(out.Result, err, inv.redact()))
	}
	inv.ledger.CPU, inv.ledger.Memory = out.Usage.CPU, out.Usage.Memory
	if err != nil && errors.Is(context.Cause(ctx), errRevoked) {
		err = &sandbox.Error{Code: sandbox.Canceled, Message: "the extension was uninstalled, disabled or lost a permission while it ran"}
	}
	return out.Result, withRemedy(err)
}

// close ends the session. What was denied must be on record before the answer
// leaves: an audit that fails is an answer that fails.
func (inv *invocation) close(ctx context.Context) error {
	err := inv.session.Close(context.WithoutCancel(ctx))
	inv.ledger.Bridge = inv.session.Ledger()
	if err != nil {
		return inv.host.fault(inv.call.ID, "record what was denied", err)
	}
	return nil
}

// answer maps what the handler returned.
func (inv *invocation) answer(result sandbox.Payload) error {
	response, err := bridge.ParseResult(result, inv.host.cfg.Limits.Sandbox.OutputBytes)
	if err != nil {
		return err
	}
	if len(response.Dropped) > 0 {
		inv.host.log.Debug("header fields that may not leave", "invocation", inv.call.ID, "extension", inv.inst.Extension, "names", response.Dropped)
	}
	inv.reply.Status, inv.reply.Header, inv.reply.Body = response.Status, response.Header, response.Body
	return nil
}

// end writes the ledger and gives the reply away.
func (inv *invocation) end(err error) (Reply, error) {
	failure := sandbox.AsError(err)
	l := &inv.ledger
	l.ID, l.Org, l.Extension, l.Route = inv.call.ID, inv.call.Org, inv.reply.Extension, inv.reply.Route
	if inv.inst != nil {
		l.Version = inv.inst.Version
	}
	l.Started, l.Wall = inv.began, time.Since(inv.began)
	l.Outcome, l.Status = outcome(failure), inv.reply.Status
	l.BytesIn, l.BytesOut = int64(len(inv.call.Body)), int64(len(inv.reply.Body))
	inv.reply.Ledger = *l
	if inv.inst != nil {
		inv.write(failure)
	}
	if failure == nil {
		return inv.reply, nil // a nil *sandbox.Error must not become an error
	}
	return inv.reply, failure
}

// write leaves the ledger in the log and the metrics. What a handler said goes
// into the log without the secrets that it has seen.
func (inv *invocation) write(failure *sandbox.Error) {
	h, l := inv.host, &inv.ledger
	h.tally.add(l)
	if h.cfg.Meter != nil {
		h.cfg.Meter.Invocation(*l)
	}
	if failure != nil && h.log.IsWarn() {
		message, stack := failure.Message, failure.Stack
		if inv.session != nil {
			message, stack = inv.session.Redact(message), inv.session.Redact(stack)
		}
		message, stack = clipped(message), clipped(stack)
		if h.chatter.allows(l.Org, l.Extension, message, stack) {
			h.log.Warn("invocation failed", append(l.fields(), "error", message, "stack", stack)...)
			return
		}
	}
	if h.log.IsInfo() {
		h.log.Info("invocation", l.fields()...)
	}
}
