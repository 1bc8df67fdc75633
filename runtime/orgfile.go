package runtime

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/annexhost/annex/permissions"
	"github.com/annexhost/annex/runtime/audit"
	"github.com/annexhost/annex/runtime/pack"
	"github.com/annexhost/annex/runtime/registry"
	"github.com/annexhost/annex/runtime/sandbox"
)

// OrgLine is a line of an exported organization. The lines come in this order:
// org; then for each extension its files, the extension, and its values; end.
// Secrets are not in it, because only this host can open them, but their names
// are; nor is the audit, which has an export of its own.
type OrgLine struct {
	Kind string `json:"kind"` // org, file, extension, value or end

	Format int       `json:"format,omitempty"` // org: 1
	Org    string    `json:"org,omitempty"`    // org
	Time   time.Time `json:"time,omitzero"`    // org

	Path string `json:"path,omitempty"` // file
	Data []byte `json:"data,omitempty"` // file

	Extension string          `json:"extension,omitempty"` // extension, value: the full id
	Digest    string          `json:"digest,omitempty"`    // extension: of its package
	Granted   permissions.Set `json:"granted,omitzero"`    // extension
	Enabled   bool            `json:"enabled,omitempty"`   // extension
	Config    json.RawMessage `json:"config,omitempty"`    // extension
	Secrets   []string        `json:"secrets,omitempty"`   // extension: their names

	Key     string          `json:"key,omitempty"`    // value
	Value   json.RawMessage `json:"value,omitempty"`  // value
	Expires time.Time       `json:"expires,omitzero"` // value
	Lines   int             `json:"lines,omitempty"`  // end: how many came before
}

const (
	orgFormat  = 1
	maxOrgLine = 24 << 20 // a WebAssembly module in base64
)

// ExportOrg writes an organization to w, as lines of JSON: its extensions with
// their packages, grants and configuration, and what they have stored.
func (h *Host) ExportOrg(ctx context.Context, w io.Writer, org, by string) error {
	err := h.cfg.Audit.Append(ctx, audit.Record{Org: org, Actor: by, Action: "org.export", Outcome: "ok"})
	if err != nil {
		return err
	}
	out := &orgWriter{enc: json.NewEncoder(w)}
	out.line(OrgLine{Kind: "org", Format: orgFormat, Org: org, Time: h.cfg.Now().UTC()})
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
	out.line(OrgLine{Kind: "end", Lines: out.lines})
	return out.err
}

// orgWriter writes lines until one fails.
type orgWriter struct {
	enc   *json.Encoder
	lines int
	err   error
}

func (o *orgWriter) line(l OrgLine) {
	if o.err == nil {
		o.err = o.enc.Encode(l)
		o.lines++
	}
}

func (h *Host) exportInstallation(ctx context.Context, out *orgWriter, inst registry.Installation) error {
	pkg, err := h.registry.Package(ctx, inst.Digest)
	if err != nil {
		return err
	}
	for _, f := range pkg.Files {
		data, err := h.registry.Read(ctx, f)
		if err != nil {
			return err
		}
		out.line(OrgLine{Kind: "file", Path: f.Path, Data: data})
	}
	o := owner{inst.Org, inst.Extension}
	line := OrgLine{Kind: "extension", Extension: inst.Extension, Digest: inst.Digest, Granted: inst.Granted, Enabled: inst.Enabled, Config: inst.Config}
	kept, err := h.cfg.Keeper.List(ctx, o.secrets())
	if err != nil {
		return err
	}
	for _, s := range kept {
		line.Secrets = append(line.Secrets, s.Name)
	}
	out.line(line)
	for after := ""; out.err == nil; {
		items, next, err := h.space(o).Items(ctx, "", after, 32)
		if err != nil {
			return err
		}
		for _, item := range items {
			out.line(OrgLine{Kind: "value", Extension: inst.Extension, Key: item.Key, Value: item.Value, Expires: item.Expires})
		}
		if after = next; next == "" {
			break
		}
	}
	return out.err
}

// OrgImport says what ImportOrg did.
type OrgImport struct {
	Org        string   `json:"org"`
	Extensions int      `json:"extensions"`
	Values     int      `json:"values"`
	Expired    int      `json:"expired"` // values that were left out, because they have expired since
	Secrets    []string `json:"secrets"` // "extension name", to be set again
}

// ImportOrg makes an organization of an export. The organization must be new, or
// one whose import was interrupted: until all is there it is suspended, and the
// same import goes on. The packages are checked as any others, and what was
// granted is granted again.
func (h *Host) ImportOrg(ctx context.Context, r io.Reader, org, by string) (OrgImport, error) {
	in := &orgReader{host: h, ctx: ctx, org: org, by: by, files: map[string][]byte{}, done: OrgImport{Org: org, Secrets: []string{}}}
	lines := bufio.NewScanner(r)
	lines.Buffer(make([]byte, 0, 1<<20), maxOrgLine)
	for lines.Scan() {
		var l OrgLine
		if err := json.Unmarshal(lines.Bytes(), &l); err != nil {
			return in.done, sandbox.Errorf(sandbox.Invalid, "line %d is no line of an exported organization: %v", in.lines+1, err)
		}
		if err := in.take(l); err != nil {
			e := sandbox.AsError(err)
			if code := CodeOf(err); code != sandbox.Internal {
				return in.done, sandbox.Errorf(code, "line %d: %s", in.lines+1, e.Message)
			}
			return in.done, fmt.Errorf("line %d: %w", in.lines+1, err)
		}
		in.lines++
	}
	if err := lines.Err(); err != nil {
		return in.done, sandbox.Errorf(sandbox.Invalid, "line %d: %v", in.lines+1, err)
	}
	if !in.ended {
		return in.done, sandbox.Errorf(sandbox.Invalid, "the export ends after line %d, before its end", in.lines)
	}
	_, err := h.SetOrgState(ctx, org, registry.OrgActive, by)
	return in.done, err
}

// orgReader takes the lines of an export.
type orgReader struct {
	host    *Host
	ctx     context.Context // of the one call that it lives in
	org, by string
	lines   int
	ended   bool
	files   map[string][]byte // of the package that comes
	done    OrgImport
}

func (in *orgReader) take(l OrgLine) error {
	switch {
	case in.ended:
		return sandbox.Errorf(sandbox.Invalid, "something follows the end")
	case in.lines == 0:
		if l.Kind != "org" || l.Format != orgFormat {
			return sandbox.Errorf(sandbox.Invalid, "this is no export of an organization of format %d", orgFormat)
		}
		return in.begin()
	}
	switch l.Kind {
	case "file":
		in.files[l.Path] = l.Data
		return nil
	case "extension":
		return in.extension(l)
	case "value":
		return in.value(l)
	case "end":
		if l.Lines != in.lines {
			return sandbox.Errorf(sandbox.Invalid, "%d lines came before the end, and there were %d", in.lines, l.Lines)
		}
		in.ended = true
		return nil
	}
	return sandbox.Errorf(sandbox.Invalid, "lines of the kind %.40q are not known", l.Kind)
}

// begin makes the organization, or goes on with one that is being imported.
func (in *orgReader) begin() error {
	h, ctx := in.host, in.ctx
	if err := registry.CheckOrg(in.org); err != nil {
		return err
	}
	there, err := h.registry.Org(ctx, in.org)
	switch {
	case err == nil && there.State == registry.OrgSuspended && there.CreatedBy == importedBy:
		return nil
	case err == nil:
		return sandbox.Errorf(sandbox.Conflict, "there is an organization %s already; import under another name", in.org)
	case !errors.Is(err, registry.ErrNotFound):
		return err
	}
	record := audit.Record{Org: in.org, Actor: in.by, Action: "org.import", Outcome: "ok"}
	if err := h.cfg.Audit.Append(ctx, record); err != nil {
		return err
	}
	if _, err := h.registry.CreateOrg(ctx, in.org, importedBy, h.cfg.Now()); err != nil {
		return err
	}
	_, err = h.SetOrgState(ctx, in.org, registry.OrgSuspended, in.by)
	return err
}

// importedBy tells an organization that is being imported from one that an
// operator suspended.
const importedBy = "org import"

func (in *orgReader) extension(l OrgLine) error {
	h := in.host
	p, err := pack.FromFiles(in.files, pack.Options{Manifest: h.ManifestOptions()})
	if err != nil {
		return err
	}
	in.files = map[string][]byte{}
	if string(p.Manifest.ID) != l.Extension {
		return sandbox.Errorf(sandbox.Invalid, "the files are those of %s, not of %s", p.Manifest.ID, l.Extension)
	}
	if _, err := h.Install(in.ctx, in.org, p, Consent{Granted: l.Granted, By: in.by}); err != nil {
		return err
	}
	_, err = h.registry.Change(in.ctx, in.org, l.Extension, func(i *registry.Installation) error {
		i.Enabled, i.Config = l.Enabled, l.Config
		return nil
	})
	h.installs.forget(owner{in.org, l.Extension})
	in.done.Extensions++
	for _, name := range l.Secrets {
		in.done.Secrets = append(in.done.Secrets, l.Extension+" "+name)
	}
	return err
}

func (in *orgReader) value(l OrgLine) error {
	h := in.host
	if _, err := h.registry.Get(in.ctx, in.org, l.Extension); err != nil {
		return sandbox.Errorf(sandbox.Invalid, "a value of %.80q comes before the extension", l.Extension)
	}
	left := time.Duration(0)
	if !l.Expires.IsZero() {
		if left = l.Expires.Sub(h.cfg.Now()); left <= 0 {
			in.done.Expired++
			return nil
		}
	}
	if err := h.space(owner{in.org, l.Extension}).Set(in.ctx, l.Key, l.Value, left); err != nil {
		return err
	}
	in.done.Values++
	return nil
}
