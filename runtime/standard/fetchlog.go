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
