package pack

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/annexhost/annex/runtime/manifest"
)

// signature is the file that signs the others.
const signature = "SIGNATURE"

// assemble makes a package of files whose names and sizes are still to be
// checked.
func assemble(source Source, files map[string][]byte, opts Options) (*Package, error) {
	if err := checkFiles(files, opts.MaxFiles); err != nil {
		return nil, err
	}
	p := &Package{Source: source, opts: opts, data: files, imported: map[string][]byte{}}
	if err := p.readManifest(); err != nil {
		return nil, err
	}
	if err := p.checkEntries(); err != nil {
		return nil, err
	}
	p.warn()
	p.list()
	return p, nil
}

// checkFiles holds the rules that no single entry can break: the number of
// files, their size together, and names that are one on some systems.
func checkFiles(files map[string][]byte, limit int) error {
	if len(files) > limit {
		return tooMany(limit)
	}
	total := 0
	for name, data := range files {
		if err := manifest.CheckFile(name); err != nil {
			return unusable(err.Error())
		}
		total += len(data)
	}
	if total > MaxUnpacked {
		return tooLarge()
	}
	return checkNames(files)
}

func tooMany(limit int) error {
	return &PackageError{Code: TooManyFiles, Message: fmt.Sprintf("Package has too many files: more than %d", limit)}
}

func tooLarge() error {
	return &PackageError{Code: PackageTooLarge, Message: fmt.Sprintf("Package is too large: more than %d bytes unpacked", MaxUnpacked)}
}

func unusable(why string) error {
	return &PackageError{Code: InvalidArchive, Message: "Package has a file that cannot be in one: " + why}
}

// checkNames refuses names that are the same where case does not count, and a
// name that is a file and a directory. Names are ASCII, so lower case is enough.
func checkNames(files map[string][]byte) error {
	folded := make(map[string]string, len(files))
	for _, name := range sorted(files) {
		key := strings.ToLower(name)
		if other, ok := folded[key]; ok {
			return unusable(fmt.Sprintf("%q and %q are one name on some systems", other, name))
		}
		folded[key] = name
	}
	for _, name := range sorted(files) {
		if err := checkAbove(folded, name); err != nil {
			return err
		}
	}
	return nil
}

// checkAbove refuses a name of which a part before its last is a file. names are
// all, by their lower case; those of directories end in a slash.
func checkAbove(names map[string]string, name string) error {
	key := strings.ToLower(strings.TrimSuffix(name, "/"))
	for i := range len(key) {
		if key[i] != '/' {
			continue
		}
		if other, ok := names[key[:i]]; ok && !strings.HasSuffix(other, "/") {
			return unusable(fmt.Sprintf("%q is a file and has %q under it", other, name))
		}
	}
	return nil
}

func sorted(files map[string][]byte) []string {
	names := make([]string, 0, len(files))
	for name := range files {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

func (p *Package) readManifest() error {
	data, ok := p.data[manifest.File]
	if !ok {
		return &PackageError{Code: MissingRequiredFile, Message: "Package missing required file: " + manifest.File}
	}
	p.RawManifest = manifest.TrimBOM(data)
	m, report := manifest.Parse(data, p.opts.Manifest)
	if m != nil {
		p.Manifest, p.Warnings = m, report.Warnings
		return nil
	}
	if !json.Valid(p.RawManifest) {
		return &PackageError{
			Code:    InvalidManifestJSON,
			Message: "extension.json is not valid JSON: " + strings.TrimPrefix(report.Errors[0].Message, "Invalid JSON: "),
			Issues:  report.Errors,
		}
	}
	return &PackageError{Code: InvalidManifest, Message: "Invalid extension manifest:\n" + report.String(), Issues: report.Errors}
}

// checkEntries looks for the files that the manifest names. All missing
// handlers are named at once.
func (p *Package) checkEntries() error {
	if main := p.Manifest.Main; main != "" {
		path, ok := p.Resolve(main)
		if !ok {
			return &PackageError{Code: MissingEntryPoint, Message: "Client entry point not found: " + main}
		}
		if err := p.limit(path, MaxClient); err != nil {
			return err
		}
	}
	var missing []string
	for _, route := range p.Manifest.Contributes.APIRoutes {
		path, ok := p.Resolve(route.Handler)
		if !ok && !slices.Contains(missing, route.Handler) {
			missing = append(missing, route.Handler)
		}
		if !strings.HasSuffix(path, ".wasm") {
			continue
		}
		if err := p.limit(path, MaxModule); err != nil {
			return err
		}
	}
	if len(missing) > 0 {
		return &PackageError{Code: MissingHandler, Message: "API route handler not found: " + strings.Join(missing, ", ")}
	}
	return nil
}

func (p *Package) limit(path string, most int) error {
	if size := len(p.data[path]); size > most {
		return &PackageError{Code: FileTooLarge, Message: fmt.Sprintf("%s is too large: %d bytes (max %d bytes)", path, size, most)}
	}
	return nil
}

func (p *Package) warn() {
	warn := func(path, message string) {
		p.Warnings = append(p.Warnings, manifest.Issue{Path: path, Message: message})
	}
	if !slices.ContainsFunc([]string{"LICENSE", "LICENSE.md", "LICENSE.txt"}, p.has) {
		warn("LICENSE", "No LICENSE file in the package")
	}
	if p.Source == Archive && !p.has(signature) {
		warn(signature, "Package is not signed")
	}
	if server := p.Manifest.ServerMain; server != "" {
		if _, ok := p.Resolve(server); !ok {
			warn("serverMain", server+" is not in the package; routes name their handlers, so nothing needs it")
		}
	}
	if icon := p.Manifest.Icon; icon != "" {
		if _, ok := p.Resolve(icon); !ok {
			warn("icon", icon+" is not in the package")
		}
	}
}

func (p *Package) has(name string) bool {
	_, ok := p.data[name]
	return ok
}

// list fills Files and Digest from the data.
func (p *Package) list() {
	p.Files = make([]File, 0, len(p.data))
	for _, name := range sorted(p.data) {
		data := p.data[name]
		p.Files = append(p.Files, File{Path: name, Size: int64(len(data)), SHA256: sha256.Sum256(data)})
	}
	sum := sha256.Sum256(p.Canonical())
	p.Digest = hex.EncodeToString(sum[:])
}

// Canonical is the text that Digest is of and that a signature signs: a line
// for each file but SIGNATURE, in the order of their paths, with the SHA-256 in
// hex, the size and the path. It is the same however the files were packed.
func (p *Package) Canonical() []byte {
	text := []byte("annex package 1\n")
	for _, f := range p.Files {
		if f.Path != signature {
			text = fmt.Appendf(text, "%x %d %s\n", f.SHA256, f.Size, f.Path)
		}
	}
	return text
}
