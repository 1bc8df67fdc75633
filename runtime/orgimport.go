package runtime

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/annexhost/annex/permissions"
	"github.com/annexhost/annex/runtime/audit"
	"github.com/annexhost/annex/runtime/manifest"
	"github.com/annexhost/annex/runtime/pack"
	"github.com/annexhost/annex/runtime/registry"
	"github.com/annexhost/annex/runtime/sandbox"
	"github.com/annexhost/annex/secrets"
)

// OrgImport says what ImportOrg did.
type OrgImport struct {
	Org        string      `json:"org"`
	Extensions int         `json:"extensions"`
	Versions   int         `json:"versions"` // that can be returned to
	Values     int         `json:"values"`
	Expired    int         `json:"expired"` // values that were left out, because they have expired since
	Tokens     int         `json:"tokens"`
	Unused     int         `json:"unused"`  // tokens that were left out: they have expired, let callers in here already, or were not wanted
	Secrets    []OrgSecret `json:"secrets"` // to be set again
	Left       []string    `json:"left"`    // earlier versions that do not fit this host, and why
}

// ImportOptions say how an export becomes an organization.
type ImportOptions struct {
	By string // for the audit

	// NoTokens leaves tokens out: who made an export chose them, and would have
	// the rights that they give here.
	NoTokens bool
}

// ImportOrg makes an organization of an export. The organization must be new, or
// one whose import was interrupted: until all is there nothing of it answers, and
// the same import goes on. The packages are checked as any others, and what was
// granted is granted again. Public addresses stay what they were, unless this
// host has them already.
func (h *Host) ImportOrg(ctx context.Context, r io.Reader, org string, o ImportOptions) (OrgImport, error) {
	in := &orgReader{host: h, ctx: ctx, org: org, ImportOptions: o, files: map[string][]byte{}, packages: map[string]arrived{}}
	in.done = OrgImport{Org: org, Secrets: []OrgSecret{}, Left: []string{}}
	err := in.read(r)
	for digest := range in.packages { // those that no version needs go
		err = errors.Join(err, h.registry.Release(context.WithoutCancel(ctx), digest))
	}
	if err == nil {
		_, err = h.SetOrgState(ctx, org, registry.OrgActive, o.By)
	}
	return in.done, err
}

// orgReader takes the lines of an export.
type orgReader struct {
	host *Host
	ctx  context.Context // of the one call that it lives in
	org  string
	ImportOptions
	lines    int
	ended    bool
	files    map[string][]byte  // of the package that comes
	held     int                // bytes of files, about
	packages map[string]arrived // by their digests
	done     OrgImport
}

// arrived is a package that was read: what installing it means, or why it does
// not fit this host.
type arrived struct {
	plan  Plan
	unfit error
}

// read takes all lines.
func (in *orgReader) read(r io.Reader) error {
	lines := bufio.NewScanner(r)
	lines.Buffer(make([]byte, 0, 1<<20), maxOrgLine)
	for lines.Scan() {
		var l OrgLine
		if err := json.Unmarshal(lines.Bytes(), &l); err != nil {
			return sandbox.Errorf(sandbox.Invalid, "line %d is no line of an exported organization: %v", in.lines+1, err)
		}
		if err := in.take(l); err != nil {
			if code := CodeOf(err); code != sandbox.Internal {
				return sandbox.Errorf(code, "line %d: %s", in.lines+1, sandbox.AsError(err).Message)
			}
			return fmt.Errorf("line %d: %w", in.lines+1, err)
		}
		in.lines++
	}
	if err := lines.Err(); err != nil {
		return sandbox.Errorf(sandbox.Invalid, "line %d: %v", in.lines+1, err)
	}
	if !in.ended {
		return sandbox.Errorf(sandbox.Invalid, "the export ends after line %d, before its end", in.lines)
	}
	return nil
}

func (in *orgReader) take(l OrgLine) error {
	if in.ended {
		return sandbox.Errorf(sandbox.Invalid, "something follows the end")
	}
	if (l.Head != nil) != (in.lines == 0) || l.Head != nil && l.Head.Format != orgFormat {
		return sandbox.Errorf(sandbox.Invalid, "this is no export of an organization of format %d", orgFormat)
	}
	switch {
	case l.Head != nil:
		return in.begin(*l.Head)
	case l.Publisher != nil:
		return in.publisher(*l.Publisher)
	case l.Token != nil:
		return in.token(l.Token)
	case l.File != nil:
		return in.file(*l.File)
	case l.Package != "":
		return in.unpack(l.Package)
	case l.Extension != nil:
		return in.extension(*l.Extension)
	case l.Value != nil:
		return in.value(*l.Value)
	case l.End != nil:
		if in.ended = l.End.Lines == in.lines; !in.ended {
			return sandbox.Errorf(sandbox.Invalid, "%d lines came before the end, and there were %d", in.lines, l.End.Lines)
		}
		return nil
	}
	return sandbox.Errorf(sandbox.Invalid, "nothing in this line is known")
}

// begin makes the organization, or goes on with one that is being imported.
func (in *orgReader) begin(head OrgHead) error {
	h, ctx := in.host, in.ctx
	if err := registry.CheckOrg(in.org); err != nil {
		return err
	}
	record := audit.Record{Org: in.org, Actor: in.By, Action: "org.import", Outcome: "ok", Detail: map[string]string{
		"from": head.Org, "exported": head.Time.Format(time.RFC3339), "audit": head.Audit,
	}}
	if in.NoTokens {
		record.Detail["tokens"] = "left out"
	}
	there, err := h.registry.Org(ctx, in.org)
	goesOn := err == nil && there.State == registry.OrgImporting
	switch {
	case goesOn:
		record.Detail["begun"] = there.CreatedAt.Format(time.RFC3339)
	case err == nil:
		return sandbox.Errorf(sandbox.Conflict, "there is an organization %s already; import under another name", in.org)
	case !errors.Is(err, registry.ErrNotFound):
		return err
	}
	if err := h.cfg.Audit.Append(ctx, record); err != nil || goesOn {
		return err
	}
	_, err = h.registry.BeginImport(ctx, in.org, in.By, h.cfg.Now())
	return err
}

func (in *orgReader) publisher(p OrgPublisher) error {
	if !manifest.IsShortName(p.Publisher) {
		return sandbox.Errorf(sandbox.Invalid, "%.80q is no publisher", p.Publisher)
	}
	return in.host.registry.PinPublisher(in.ctx, in.org, p.Publisher, &p.Key)
}

func (in *orgReader) token(line json.RawMessage) error {
	if in.host.cfg.Credentials == nil || in.NoTokens {
		in.done.Unused++
		return nil
	}
	made, err := in.host.cfg.Credentials.Import(in.ctx, in.org, line)
	switch {
	case err != nil:
		return sandbox.Errorf(sandbox.Invalid, "a token: %v", err)
	case made:
		in.done.Tokens++
	default:
		in.done.Unused++
	}
	return nil
}

// file holds a file of the package that comes, up to what any package may have:
// the rest of what is wrong with one is found when it is whole.
func (in *orgReader) file(f OrgFile) error {
	const each = 64 // that a file without a byte costs
	if in.held += each + len(f.Path) + len(f.Data); in.held > pack.MaxUnpacked+1<<20 {
		return sandbox.Errorf(sandbox.Invalid, "the files of a package are larger than %d bytes", pack.MaxUnpacked)
	}
	in.files[f.Path] = f.Data
	return nil
}

// unpack keeps the package of the files that came. One that does not fit this host
// is an error when its extension needs it.
func (in *orgReader) unpack(digest string) error {
	files := in.files
	in.files, in.held = map[string][]byte{}, 0
	p, err := pack.FromFiles(files, pack.Options{Manifest: in.host.ManifestOptions()})
	if err == nil && p.Digest != digest {
		return sandbox.Errorf(sandbox.Invalid, "the files of %.80q have the digest %s", digest, p.Digest)
	}
	var a arrived
	if err == nil {
		a.plan, err = in.host.Plan(in.ctx, in.org, p)
	}
	if err == nil {
		err = in.host.keep(in.ctx, in.org, p)
	}
	if err != nil {
		switch CodeOf(err) {
		case sandbox.Internal, sandbox.Unavailable, sandbox.Exhausted, sandbox.Timeout, sandbox.Canceled:
			return err // which says nothing of the package
		}
	}
	a.unfit = err
	in.packages[digest] = a
	return nil
}

func (in *orgReader) value(v OrgValue) error {
	h := in.host
	if _, err := h.registry.Get(in.ctx, in.org, v.Extension); err != nil {
		return sandbox.Errorf(sandbox.Invalid, "a value of %.80q comes before the extension", v.Extension)
	}
	left := time.Duration(0)
	if !v.Expires.IsZero() {
		if left = v.Expires.Sub(h.cfg.Now()); left <= 0 {
			in.done.Expired++
			return nil
		}
	}
	if err := h.space(owner{in.org, v.Extension}).Set(in.ctx, v.Key, v.Value, left); err != nil {
		return err
	}
	in.done.Values++
	return nil
}

// extension installs what came, with the versions that it can return to.
func (in *orgReader) extension(e OrgExtension) error {
	h := in.host
	inst := e.Installation
	inst.Org, inst.InstalledBy = in.org, oneLine(inst.InstalledBy)
	current, err := in.fits(inst.Extension, inst.Version, inst.Digest, inst.Granted)
	if err != nil {
		return err
	}
	if err := h.accepts(in.ctx, current.plan, ""); err != nil {
		return err
	}
	if p := inst.Pending; p != nil {
		if _, err := in.fits(inst.Extension, p.Version, p.Digest, p.Asks); err != nil {
			return err
		}
		p.By = oneLine(p.By)
	}
	if p := inst.Pin; p != nil {
		p.By, p.Reason = oneLine(p.By), oneLine(p.Reason)
	}
	if issues := current.plan.Manifest.Contributes.Configuration.Validate(inst.Config); len(inst.Config) > 0 && len(issues) > 0 {
		return invalidConfig(inst.Extension, issues)
	}
	var versions []registry.Version
	for _, v := range e.Versions {
		if _, err := in.fits(inst.Extension, v.Version, v.Digest, v.Granted); err != nil && v.Version != inst.Version {
			in.done.Left = append(in.done.Left, fmt.Sprintf("%s %.40q: %s", inst.Extension, v.Version, sandbox.AsError(err).Message))
			continue
		}
		v.By = oneLine(v.By)
		versions = append(versions, v)
	}
	for _, s := range e.Secrets {
		if err := secrets.CheckName(s.Name); err != nil {
			return err
		}
		for i, host := range s.Hosts {
			if s.Hosts[i], err = permissions.NormalizeHost(host); err != nil {
				return err
			}
		}
		in.done.Secrets = append(in.done.Secrets, OrgSecret{Extension: inst.Extension, Name: s.Name, Hosts: s.Hosts})
	}
	if err := in.restore(current.plan, inst, versions); err != nil {
		return err
	}
	in.done.Extensions++
	in.done.Versions += max(0, len(versions)-1)
	return nil
}

// fits returns the package of a version, or why the version cannot be what is said.
func (in *orgReader) fits(extension, version, digest string, granted permissions.Set) (arrived, error) {
	a, ok := in.packages[digest]
	switch {
	case !ok:
		return a, sandbox.Errorf(sandbox.Invalid, "the package of %.80q %.40q did not come before it", extension, version)
	case a.unfit != nil:
		return a, a.unfit
	case string(a.plan.Manifest.ID) != extension || a.plan.Manifest.Version != version:
		return a, sandbox.Errorf(sandbox.Invalid, "the files are those of %s %s, not of %.80q %.40q", a.plan.Manifest.ID, a.plan.Manifest.Version, extension, version)
	}
	if extra := permissions.Diff(a.plan.Asks, granted).Added; !extra.IsEmpty() {
		return a, sandbox.Errorf(sandbox.Invalid, "%s %s does not ask for %v", extension, version, extra)
	}
	return a, nil
}

// restore puts an installation on record and makes it, unless an import that was
// interrupted has done so.
func (in *orgReader) restore(plan Plan, inst registry.Installation, versions []registry.Version) error {
	h := in.host
	there, err := h.registry.Get(in.ctx, in.org, inst.Extension)
	if err == nil && there.Digest == inst.Digest && !there.Removed() {
		return nil
	}
	record := audit.Record{
		Org: in.org, Extension: inst.Extension, Actor: in.By, Action: "install", Outcome: "ok", Target: inst.Version,
		Detail: map[string]string{"digest": inst.Digest, "granted": fmt.Sprint(inst.Granted), "signature": plan.Signature.detail()},
	}
	if err := h.cfg.Audit.Append(in.ctx, record); err != nil {
		return fmt.Errorf("runtime: nothing is installed without an audit record: %w", err)
	}
	if err := h.pinKey(in.ctx, plan, in.By, h.cfg.Now().UTC()); err != nil {
		return err
	}
	_, err = h.registry.Restore(in.ctx, inst, versions)
	h.installs.forget(owner{in.org, inst.Extension})
	return err
}

// oneLine is a text of somebody else as it may be shown.
func oneLine(s string) string {
	const longest = 256
	s = strings.Map(func(c rune) rune {
		if !unicode.IsPrint(c) {
			return -1
		}
		return c
	}, strings.ToValidUTF8(s, ""))
	for len(s) > longest {
		_, n := utf8.DecodeLastRuneInString(s)
		s = s[:len(s)-n]
	}
	return s
}
