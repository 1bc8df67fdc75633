package standard

import (
	"context"
	"strings"

	"github.com/hashicorp/go-hclog"

	"github.com/annexhost/annex/bridge/egress"
	"github.com/annexhost/annex/runtime/logs"
)

// What exchanges with the network may write to the host's log in a minute: those
// of an installation, some 800, and those of an organization.
const (
	fetchLogOfInstallation = 256 << 10
	fetchLogOfOrganization = 1 << 20
	maxFetchText           = 1 << 10 // of a URL and of a detail
)

// fetchLog logs every exchange with the network, refused ones too. URLs are
// already without user information and query.
type fetchLog struct {
	log   hclog.Logger
	bound *logs.Bound
}

// Observe logs one hop.
func (f fetchLog) Observe(_ context.Context, e egress.Exchange) {
	level, outcome := hclog.Info, "ok"
	if e.Outcome != "" {
		level, outcome = hclog.Warn, string(e.Outcome)
	}
	if f.log.GetLevel() > level {
		return
	}
	url, detail := logs.Clipped(e.URL, maxFetchText), logs.Clipped(e.Detail, maxFetchText)
	org, extension, _ := strings.Cut(e.Owner, "/")
	grant := f.bound.Take(org, extension, url, detail)
	if grant.First {
		f.log.Warn("an extension fetches too much; what it fetches is left out here for up to a minute", "owner", e.Owner)
	}
	if !grant.Allowed {
		return
	}
	f.log.Log(level, "fetch", "invocation", e.Invocation, "owner", e.Owner, "method", e.Method, "url", url, "hop", e.Hop, "status", e.Status,
		"outcome", outcome, "sent", e.Sent, "received", e.Received, "duration", e.Duration, "detail", detail)
}

// observer is who learns of exchanges: the one that was given, or else the log,
// and a meter that counts them.
func (o Options) observer() egress.Observer {
	var all observers
	if o.Egress.Observer != nil {
		all = append(all, o.Egress.Observer)
	} else if o.Logger != nil {
		all = append(all, fetchLog{o.Logger.Named("egress"), logs.NewBound(fetchLogOfInstallation, fetchLogOfOrganization, o.Now)})
	}
	if counting, ok := o.Meter.(egress.Observer); ok {
		all = append(all, counting)
	}
	return all
}

// observers tells all of them.
type observers []egress.Observer

// Observe tells each.
func (all observers) Observe(ctx context.Context, e egress.Exchange) {
	for _, o := range all {
		o.Observe(ctx, e)
	}
}
