// Package admin is the operator's door to a host: an HTTP API below /admin/v1/,
// the client that every command of the command line speaks to it with, and the
// OpenAPI document that describes it.
//
// One table, in routes.go, is the API. A row is an [Endpoint], declared once:
//
//	var listExtensions = Define(Spec{
//		Method: "GET", Path: "/orgs/{org}/extensions", Right: identity.Extensions,
//		Doc: "Lists what is installed, in the order of ids",
//	}, func(ctx context.Context, c *Call, in ListExtensions) (ExtensionList, error) { … })
//
// The type of in says what a request holds, by the tags of its fields:
//
//	path:"org"      a part of the path
//	query:"limit"   a query parameter: string, int, uint64, bool or []string
//	json:"name"     a member of the JSON body; all other fields are json:"-"
//	raw:"TYPE"      the body as it is, an io.Reader; TYPE is its media type
//	doc:"…"         what it is, for the OpenAPI document
//
// and the second type what is answered: any value of JSON, [None], or a
// [Stream]. From this the server decodes, the client encodes and the document
// is made, so they cannot disagree.
//
// To add a route: declare it in the file of its group, export its variable if a
// command calls it, and add its name to the table in routes.go. To add a
// command: a file in cmd/annex that calls
//
//	door := addDoorFlags(cmd)
//	…
//	return door.with(cmd, func(ctx context.Context, c *admin.Client) error {
//		found, err := admin.Do(ctx, c, admin.ListExtensions, admin.InOrg{Org: door.orgName()})
//		…
//	})
//
// cmd/annex/list.go is the model. The command then works beside a running
// serve (over the socket in the data directory), on a directory that nobody
// serves (the same handlers, in the command's own process), and with --host.
//
// Before a handler runs, the table of rights (runtime/identity) was asked, and
// {org} in a path was resolved: "~" is the caller's own organization, and what a
// caller of an organization asks about another one is answered exactly as what
// does not exist, before anything is read. A handler must take the organization
// from in and from nowhere else.
package admin
