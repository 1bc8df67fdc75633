package runtime

import (
	"github.com/hashicorp/go-hclog"

	"github.com/annexhost/annex/runtime/logs"
)

// What handlers and their failures may write to the host's own log in a minute:
// one installation, and all of an organization's together. What an installation
// logs beyond that is still in its own log ([logs.Book]).
const (
	hostLogOfInstallation = 1 << 20
	hostLogOfOrganization = 4 << 20
	lineOverhead          = 200     // of a line, beside its texts
	maxFailureText        = 4 << 10 // of a message and of a stack
)

// chatter bounds what strangers write to the host's log.
type chatter struct {
	log hclog.Logger

	installations, organizations *logs.Throttle
}

func newChatter(c Config) *chatter {
	return &chatter{
		log:           c.Logger,
		installations: logs.NewThrottle(hostLogOfInstallation, c.Now),
		organizations: logs.NewThrottle(hostLogOfOrganization, c.Now),
	}
}

// allows reports whether an installation may write size bytes. When it may not
// any more, that is said once a minute.
func (c *chatter) allows(org, extension string, size int) bool {
	size += lineOverhead
	grant := c.installations.Take(org+"/"+extension, size)
	if grant.Allowed {
		grant = c.organizations.Take(org, size)
	}
	if grant.First {
		c.log.Warn("handlers write too much; what they log and why they fail is left out here for up to a minute", "org", org, "extension", extension)
	}
	return grant.Allowed
}

// clipped is a text of a stranger, not longer than a line of the log should be.
func clipped(text string) string {
	if len(text) <= maxFailureText {
		return text
	}
	return text[:maxFailureText] + "…"
}
