package runtime

import (
	"time"

	"github.com/annexhost/annex/bridge"
)

// Call is one request for a handler. Who calls is already known: the
// organization and the user come from the caller's credential, never from
// anything that the caller chose.
type Call struct {
	ID        string       // names the invocation in logs, audit and answers
	Org       string       // the organization whose installation is called
	Extension string       // full id, or a short name that is unique in the organization
	Method    string       // upper case
	Path      string       // escaped, after the extension, without its leading slash
	RawQuery  string       // as received
	URL       string       // as the caller sees it, in full
	Header    [][2]string  // as received: name and value
	Body      []byte       // read in full, within the limit
	User      *bridge.User // nil for an anonymous caller
	Public    bool         // through a public door: only public routes exist

	// Credential is by what the user is known, for the audit: no secret. Empty:
	// nothing is said of it.
	Credential string
}

// Reply is the answer of a handler.
type Reply struct {
	Status int
	Header [][2]string // names in lower case
	Body   []byte

	// Extension and Route say who answered: the full id, and the route as its
	// manifest declares it. Empty when none was found.
	Extension, Route string

	// Allow lists the methods that the path has, when it does not have the
	// method of the call.
	Allow []string

	// Rate is the state of the rate limit after this call.
	Rate Rate

	// Ledger is what the invocation used. Zero when no handler ran.
	Ledger Ledger
}

// Rate is the state of a rate limit.
type Rate struct {
	Limit      int       // calls a minute; 0 when there is no limit
	Remaining  int       // calls left now
	Reset      time.Time // when all of them are back
	RetryAfter int       // seconds to wait; 0 when a call may be made now
}
