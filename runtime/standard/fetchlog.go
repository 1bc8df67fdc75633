package standard

import (
	"context"

	"github.com/hashicorp/go-hclog"

	"github.com/annexhost/annex/bridge/egress"
)

// fetchLog logs every exchange with the network, refused ones too. URLs are
// already without user information and query.
type fetchLog struct{ log hclog.Logger }

// Observe logs one hop.
func (f fetchLog) Observe(_ context.Context, e egress.Exchange) {
	level, outcome := hclog.Info, "ok"
	if e.Outcome != "" {
		level, outcome = hclog.Warn, string(e.Outcome)
	}
	f.log.Log(level, "fetch", "invocation", e.Invocation, "owner", e.Owner, "method", e.Method, "url", e.URL, "hop", e.Hop, "status", e.Status,
		"outcome", outcome, "sent", e.Sent, "received", e.Received, "duration", e.Duration, "detail", e.Detail)
}

// observer is who learns of exchanges: the one that was given, or else the log,
// and a meter that counts them.
func (o Options) observer() egress.Observer {
	var all observers
	if o.Egress.Observer != nil {
		all = append(all, o.Egress.Observer)
	} else if o.Logger != nil {
		all = append(all, fetchLog{o.Logger.Named("egress")})
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
