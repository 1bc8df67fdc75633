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
	maxFailureText        = 4 << 10 // of a message and of a stack
)

// chatter bounds what strangers write to the host's log.
type chatter struct {
	log   hclog.Logger
	bound *logs.Bound
}

func newChatter(c Config) *chatter {
	return &chatter{log: c.Logger, bound: logs.NewBound(hostLogOfInstallation, hostLogOfOrganization, c.Now)}
}

// allows reports whether an installation may write a line with these texts. When
// it may not any more, that is said once a minute.
func (c *chatter) allows(org, extension string, texts ...string) bool {
	grant := c.bound.Take(org, extension, texts...)
	if grant.First {
		c.log.Warn("handlers write too much; what they log and why they fail is left out here for up to a minute", "org", org, "extension", extension)
	}
	return grant.Allowed
}

// clipped is a text of a stranger, not longer than a line of the log should be.
func clipped(text string) string { return logs.Clipped(text, maxFailureText) }
