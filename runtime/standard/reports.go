package standard

import (
	"fmt"
	"strings"

	"github.com/hashicorp/go-hclog"

	"github.com/annexhost/annex/runtime/logs"
	"github.com/annexhost/annex/runtime/sandbox"
	"github.com/annexhost/annex/runtime/worker"
)

// reports tells the operator what strangers' code did to engines and workers.
// Whoever can make an engine panic or a worker die can do it all day: of a kind
// there is one report a minute with all its detail, then a count.
type reports struct {
	log   hclog.Logger
	kinds *logs.Throttle // of an installation, what happened and where: one a minute
	all   *logs.Throttle // of an installation, so that it cannot make up kinds
}

// reportsOfAMinute is how many an installation can cause.
const reportsOfAMinute = 10

func newReports(o Options) *reports {
	log := o.Logger
	if log == nil {
		log = hclog.NewNullLogger()
	}
	return &reports{log: log, kinds: logs.NewThrottle(1, o.Now), all: logs.NewThrottle(reportsOfAMinute, o.Now)}
}

// take asks for a report. say is false when it would be too much; more goes into
// its line.
func (r *reports) take(tenant, kind string) (say bool, more []any) {
	grant := r.kinds.Take(tenant+"\x00"+kind, 1)
	if grant.Allowed {
		if grant.Missed > 0 {
			more = []any{"sameBefore", grant.Missed}
		}
		all := r.all.Take(tenant, 1)
		if all.Missed > 0 {
			more = append(more, "othersBefore", all.Missed)
		}
		grant = all
	}
	if grant.First {
		r.log.Warn("more of this is counted, not reported, for a minute", "tenant", tenant, "what", kind)
	}
	return grant.Allowed, more
}

// crashed tells that an engine panicked. The host lives, but somebody should know.
func (r *reports) crashed(c sandbox.Crash) {
	place := panicPlace(string(c.Stack))
	say, more := r.take(c.Tenant, "panic in "+place)
	if say {
		r.log.Error("an engine panicked", append([]any{
			"tenant", c.Tenant, "invocation", c.Invocation, "in", place, "cause", fmt.Sprint(c.Value), "stack", string(c.Stack),
		}, more...)...)
	}
}

// panicPlace is the function in a stack that panicked: the first one below the
// innermost panic that is not the runtime's.
func panicPlace(stack string) string {
	const most = 200
	if _, below, found := cutLast(stack, "\npanic("); found {
		_, stack, _ = strings.Cut(below, "\n")
	}
	for line := range strings.Lines(stack) {
		if strings.HasPrefix(line, "\t") || strings.HasPrefix(line, "runtime.") || strings.HasPrefix(line, "goroutine ") {
			continue
		}
		name, _, _ := cutLast(strings.TrimSpace(line), "(")
		return name[:min(len(name), most)]
	}
	return "an unknown place"
}

func cutLast(s, sep string) (before, after string, found bool) {
	if i := strings.LastIndex(s, sep); i >= 0 {
		return s[:i], s[i+len(sep):], true
	}
	return s, "", false
}

// ended tells that a worker was ended or has died.
func (r *reports) ended(e worker.Ending) {
	say, more := r.take(e.Tenant, "a worker that ended by "+e.Cause)
	if say {
		r.log.Warn("a worker ended", append([]any{
			"cause", e.Cause, "tenant", e.Tenant, "invocation", e.Invocation, "detail", e.Detail,
		}, more...)...)
	}
}
