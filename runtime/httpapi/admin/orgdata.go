package admin

import (
	"bufio"
	"context"
	"io"

	"github.com/annexhost/annex/runtime"
	"github.com/annexhost/annex/runtime/identity"
)

// ExportOrg streams an organization.
var ExportOrg = Define(Spec{
	Name: "exportOrg", Method: "GET", Path: "/orgs/{org}/export", Right: identity.Operate, Type: jsonLines,
	Doc: "Streams an organization as lines of JSON: extensions with their versions, grants, configuration, public addresses and stored values, publishers' keys, and tokens as hashes; without the values of secrets",
}, func(ctx context.Context, c *Call, in InOrg) (Stream, error) {
	return Stream{Write: func(ctx context.Context, w io.Writer) error {
		out := bufio.NewWriterSize(w, 256<<10)
		if err := c.Host.ExportOrg(ctx, out, in.Org, c.Caller.Actor); err != nil {
			return err
		}
		return out.Flush()
	}}, nil
})

// ImportOrgIn is an export, and the name of the organization to make of it.
type ImportOrgIn struct {
	InOrg
	NoTokens bool      `query:"noTokens" json:"-" doc:"leave tokens out, so that nobody gets in whom the export names"`
	Lines    io.Reader `raw:"application/x-ndjson" json:"-"`
}

// ImportOrg makes an organization of an export.
var ImportOrg = Define(Spec{
	Name: "importOrg", Method: "POST", Path: "/orgs/{org}/import", Right: identity.Operate, AnyOrg: true, Status: 201,
	Doc: "Makes a new organization of an export; nothing of it answers until all is there, and an import that broke off goes on when it is repeated",
}, func(ctx context.Context, c *Call, in ImportOrgIn) (runtime.OrgImport, error) {
	return c.Host.ImportOrg(ctx, in.Lines, in.Org, runtime.ImportOptions{By: c.Caller.Actor, NoTokens: in.NoTokens})
})

// EraseOrg destroys an organization.
var EraseOrg = Define(Spec{
	Name: "eraseOrg", Method: "DELETE", Path: "/orgs/{org}", Right: identity.Operate,
	Doc: "Destroys everything of an organization, the keys of its secrets first, and looks at every key of the store to prove that nothing is left",
}, func(ctx context.Context, c *Call, in InOrg) (runtime.Erasure, error) {
	return c.Host.EraseOrg(ctx, in.Org, c.Caller.Actor)
})
