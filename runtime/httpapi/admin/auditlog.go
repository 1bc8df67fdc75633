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

// AuditQuery says which entries to list.
type AuditQuery struct {
	After     uint64 `query:"after" json:"-" doc:"only entries with a greater number"`
	Limit     int    `query:"limit" json:"-" doc:"at most this many, 1 to 1000; 100 unless given"`
	Action    string `query:"action" json:"-" doc:"only this action, such as denied or secret.read"`
	Extension string `query:"extension" json:"-" doc:"only this extension, by its full id"`
}

// ListAuditIn asks for entries of an organization.
type ListAuditIn struct {
	InOrg
	AuditQuery
}

// ListAudit lists audit entries.
var ListAudit = Define(Spec{
	Name: "listAudit", Method: "GET", Path: "/orgs/{org}/audit", Right: identity.Audit,
	Doc: "Lists audit entries in the order of their numbers",
}, func(ctx context.Context, c *Call, in ListAuditIn) (AuditPage, error) {
	return listAudit(ctx, c, in.Org, in.AuditQuery)
})

// ListHostAudit lists entries of the host's own chain.
var ListHostAudit = Define(Spec{
	Name: "listHostAudit", Method: "GET", Path: "/audit", Right: identity.Operate,
	Doc: "Lists entries of the host's own audit: backups, key rotations, organizations that were erased",
}, func(ctx context.Context, c *Call, in AuditQuery) (AuditPage, error) {
	return listAudit(ctx, c, audit.HostOrg, in)
})

func listAudit(ctx context.Context, c *Call, org string, in AuditQuery) (AuditPage, error) {
	page := AuditPage{Entries: []AuditEntry{}}
	found, err := c.Audit.List(ctx, audit.Query{
		Org: org, After: in.After, Limit: Page{Limit: in.Limit}.limit(), Action: in.Action, Extension: in.Extension,
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
}

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
	Name: "verifyAudit", Method: "GET", Path: "/orgs/{org}/audit/verification", Right: identity.Audit,
	Doc: "Checks that no audit entry was changed, removed or moved, and names the first that was",
}, func(ctx context.Context, c *Call, in InOrg) (AuditReport, error) {
	return verifyAudit(ctx, c, in.Org)
})

// VerifyHostAudit checks the host's own chain.
var VerifyHostAudit = Define(Spec{
	Name: "verifyHostAudit", Method: "GET", Path: "/audit/verification", Right: identity.Operate,
	Doc: "Checks that no entry of the host's own audit was changed, removed or moved, and names the first that was",
}, func(ctx context.Context, c *Call, _ struct{}) (AuditReport, error) {
	return verifyAudit(ctx, c, audit.HostOrg)
})

func verifyAudit(ctx context.Context, c *Call, org string) (AuditReport, error) {
	report, err := c.Audit.Verify(ctx, org)
	if err != nil {
		return AuditReport{}, err
	}
	shown := AuditReport{Org: org, Entries: uint64(report.Entries), Valid: report.FirstBad == nil}
	if report.FirstBad != nil {
		shown.FirstBad = &AuditBad{Seq: report.FirstBad.Seq, Reason: report.FirstBad.Reason}
	}
	return shown, nil
}
