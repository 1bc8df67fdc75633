package admin

import (
	"context"
	"encoding/json"

	"github.com/annexhost/annex/runtime/audit"
	"github.com/annexhost/annex/runtime/identity"
)

// AuditEntry is a record in its organization's chain.
type AuditEntry struct {
	Seq    uint64          `json:"seq"`
	MAC    string          `json:"mac" doc:"hex"`
	Record json.RawMessage `json:"record" doc:"byte for byte what the MAC covers"`
}

// Text is the entry on one line, for a person.
func (e AuditEntry) Text() (string, error) {
	entry := audit.Entry{Seq: e.Seq}
	err := json.Unmarshal(e.Record, &entry.Record)
	return entry.Text(), err
}

// AuditPage is a part of a list.
type AuditPage struct {
	Entries []AuditEntry `json:"entries"`
	Next    uint64       `json:"next,omitempty" doc:"the after of the page that follows; a page may be empty and have one"`
}

// ListAuditIn asks for entries.
type ListAuditIn struct {
	InOrg
	After      uint64 `query:"after" json:"-" doc:"only entries with a greater number"`
	Limit      int    `query:"limit" json:"-" doc:"at most this many, 1 to 1000; 100 unless given"`
	Action     string `query:"action" json:"-" doc:"only this action, such as denied or secret.read"`
	Extension  string `query:"extension" json:"-" doc:"only this extension, by its full id"`
	Credential string `query:"credential" json:"-" doc:"only what was done with this credential: the id of a token, or an issuer"`
}

// ListAudit lists audit entries.
var ListAudit = Define(Spec{
	Name: "listAudit", Method: "GET", Path: "/orgs/{org}/audit", Right: identity.Audit, OfHost: true,
	Doc: "Lists audit entries in the order of their numbers; of the host itself: backups, key rotations, organizations that were erased",
}, func(ctx context.Context, c *Call, in ListAuditIn) (AuditPage, error) {
	page := AuditPage{Entries: []AuditEntry{}}
	found, err := c.Audit.List(ctx, audit.Query{
		Org: in.Org, After: in.After, Limit: Page{Limit: in.Limit}.limit(),
		Action: in.Action, Extension: in.Extension, Credential: in.Credential,
	})
	if err != nil {
		return page, err
	}
	page.Next = found.Next
	for _, e := range found.Entries {
		var shown AuditEntry
		data, err := json.Marshal(e)
		if err == nil {
			err = json.Unmarshal(data, &shown)
		}
		if err != nil {
			return page, err
		}
		page.Entries = append(page.Entries, shown)
	}
	return page, nil
})

// AuditReport says whether a chain is as it was written.
type AuditReport struct {
	Org      string    `json:"org"`
	Entries  uint64    `json:"entries" doc:"entries that are right, from the first"`
	Valid    bool      `json:"valid"`
	FirstBad *AuditBad `json:"firstBad,omitempty"`
}

// AuditBad is the first entry that is wrong.
type AuditBad struct {
	Seq    uint64 `json:"seq"`
	Reason string `json:"reason"`
}

// VerifyAudit checks the chain of an organization.
var VerifyAudit = Define(Spec{
	Name: "verifyAudit", Method: "GET", Path: "/orgs/{org}/audit/verification", Right: identity.Audit, OfHost: true,
	Doc: "Checks that no audit entry was changed, removed or moved, and names the first that was",
}, func(ctx context.Context, c *Call, in InOrg) (AuditReport, error) {
	report, err := c.Audit.Verify(ctx, in.Org)
	if err != nil {
		return AuditReport{}, err
	}
	shown := AuditReport{Org: in.Org, Entries: uint64(report.Entries), Valid: report.FirstBad == nil}
	if report.FirstBad != nil {
		shown.FirstBad = &AuditBad{Seq: report.FirstBad.Seq, Reason: report.FirstBad.Reason}
	}
	return shown, nil
})
