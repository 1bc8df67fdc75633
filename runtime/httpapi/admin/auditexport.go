package admin

import (
	"context"
	"encoding/hex"
	"errors"
	"io"

	"github.com/annexhost/annex/runtime/audit"
	"github.com/annexhost/annex/runtime/identity"
	"github.com/annexhost/annex/runtime/sandbox"
)

// ExportAudit streams an organization's audit so that it can be verified elsewhere.
var ExportAudit = Define(Spec{
	Name: "exportAudit", Method: "GET", Path: "/orgs/{org}/audit/export", Right: identity.Audit, OfHost: true, Type: jsonLines,
	Doc: "Streams the audit as lines of JSON with signed checkpoints, so that it can be verified without the host",
}, func(ctx context.Context, c *Call, in InOrg) (Stream, error) {
	switch _, err := c.Audit.Checkpoint(ctx, in.Org); {
	case errors.Is(err, audit.ErrNoEntries):
		return Stream{}, sandbox.Errorf(sandbox.NotFound, "the audit of %s has no entries", in.Org)
	case errors.Is(err, audit.ErrBroken):
		return Stream{}, sandbox.Errorf(sandbox.Conflict, "%v", err)
	case err != nil:
		return Stream{}, err
	}
	return Stream{Write: func(ctx context.Context, w io.Writer) error {
		_, err := c.Audit.ExportSigned(ctx, w, in.Org)
		return err
	}}, nil
})

// AuditKey is what exports are verified with.
type AuditKey struct {
	PublicKey string `json:"publicKey" doc:"Ed25519, hex; it stays the same for the life of the host's data"`
}

// ShowAuditKey shows the public key of the host's audit.
var ShowAuditKey = Define(Spec{
	Name: "getAuditKey", Method: "GET", Path: "/audit/key", Right: identity.Audit,
	Doc: "Shows the public key with which exports of the audit are verified",
}, func(_ context.Context, c *Call, _ struct{}) (AuditKey, error) {
	return AuditKey{PublicKey: hex.EncodeToString(c.Audit.PublicKey())}, nil
})
