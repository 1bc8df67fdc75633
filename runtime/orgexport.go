package runtime

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"slices"

	"github.com/annexhost/annex/runtime/audit"
	"github.com/annexhost/annex/runtime/registry"
)

// ExportOrg writes an organization to w, as lines of JSON: see [OrgLine].
func (h *Host) ExportOrg(ctx context.Context, w io.Writer, org, by string) error {
	err := h.cfg.Audit.Append(ctx, audit.Record{Org: org, Actor: by, Action: "org.export", Outcome: "ok"})
	if err != nil {
		return err
	}
	number, mac, err := h.cfg.Audit.Head(ctx, org)
	if err != nil {
		return err
	}
	out := &orgWriter{enc: json.NewEncoder(w)}
	out.line(OrgLine{Head: &OrgHead{Format: orgFormat, Org: org, Time: h.cfg.Now().UTC(), Audit: fmt.Sprintf("%d %x", number, mac)}})
	if err := h.exportTrust(ctx, out, org); err != nil {
		return err
	}
	for after := ""; out.err == nil; {
		page, err := h.registry.List(ctx, org, after, 100)
		if err != nil {
			return err
		}
		for _, inst := range page {
			after = inst.Extension
			if inst.Removed() {
				continue
			}
			if err := h.exportInstallation(ctx, out, inst); err != nil {
				return err
			}
		}
		if len(page) < 100 {
			break
		}
	}
	out.line(OrgLine{End: &OrgEnd{Lines: out.lines}})
	return out.err
}

// orgWriter writes lines until one fails.
type orgWriter struct {
	enc   *json.Encoder
	lines int
	err   error
}

func (o *orgWriter) line(l OrgLine) error {
	if o.err == nil {
		o.err = o.enc.Encode(l)
		o.lines++
	}
	return o.err
}

// exportTrust writes whom the organization trusts: publishers' keys, and tokens.
func (h *Host) exportTrust(ctx context.Context, out *orgWriter, org string) error {
	keys, err := h.registry.PublisherKeys(ctx, org)
	if err != nil {
		return err
	}
	for publisher, key := range keys {
		out.line(OrgLine{Publisher: &OrgPublisher{Publisher: publisher, Key: key}})
	}
	if h.cfg.Credentials == nil {
		return out.err
	}
	return h.cfg.Credentials.Export(ctx, org, func(token json.RawMessage) error { return out.line(OrgLine{Token: token}) })
}

func (h *Host) exportInstallation(ctx context.Context, out *orgWriter, inst registry.Installation) error {
	versions, err := h.registry.Versions(ctx, inst.Org, inst.Extension)
	if err != nil {
		return err
	}
	var digests []string
	if inst.Pending != nil {
		digests = append(digests, inst.Pending.Digest)
	}
	for _, v := range versions { // the current one too
		digests = append(digests, v.Digest)
	}
	slices.Sort(digests)
	for _, digest := range slices.Compact(digests) {
		if err := h.exportPackage(ctx, out, digest); err != nil {
			return err
		}
	}
	o := owner{inst.Org, inst.Extension}
	line := OrgExtension{Installation: inst, Versions: versions}
	kept, err := h.cfg.Keeper.List(ctx, o.secrets())
	if err != nil {
		return err
	}
	for _, s := range kept {
		line.Secrets = append(line.Secrets, OrgSecret{Extension: inst.Extension, Name: s.Name, Hosts: s.Hosts})
	}
	out.line(OrgLine{Extension: &line})
	for after := ""; out.err == nil; {
		items, next, err := h.space(o).Items(ctx, "", after, 32)
		if err != nil {
			return err
		}
		for _, item := range items {
			out.line(OrgLine{Value: &OrgValue{Extension: inst.Extension, Key: item.Key, Value: item.Value, Expires: item.Expires}})
		}
		if after = next; next == "" {
			break
		}
	}
	return out.err
}

func (h *Host) exportPackage(ctx context.Context, out *orgWriter, digest string) error {
	pkg, err := h.registry.Package(ctx, digest)
	if err != nil {
		return err
	}
	for _, f := range pkg.Files {
		data, err := h.registry.Read(ctx, f)
		if err != nil {
			return err
		}
		out.line(OrgLine{File: &OrgFile{Path: f.Path, Data: data}})
	}
	return out.line(OrgLine{Package: digest})
}
