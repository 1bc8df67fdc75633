package manifest

import (
	"fmt"
	"net/url"
	"regexp"
	"strings"

	"github.com/annexhost/annex/permissions"
)

// Options are what the operator decided about manifests. The zero value is
// the default.
type Options struct {
	// Permissions is the policy for http:domain: permissions.
	Permissions permissions.Policy

	// AnnexVersion is what engines.annex is checked against. Empty means that
	// it is not checked.
	AnnexVersion string

	// BluePLM is what engines.blueplm is checked against. Empty means 3.9.9.
	BluePLM string

	// Strict makes engines that are not satisfied an error instead of a warning.
	Strict bool
}

var (
	versionPattern    = regexp.MustCompile(`^\d+\.\d+\.\d+(-[a-zA-Z0-9.-]+)?(\+[a-zA-Z0-9.-]+)?$`)
	dependencyPattern = regexp.MustCompile(`^[a-z][a-z0-9-]*\.[a-z][a-z0-9-]*@[\^~><=]*\d+(\.\d+)?(\.\d+)?$`)
)

// known are the fields of a manifest. The last line is read by other parts of
// Annex.
var known = []string{
	"$schema", "id", "name", "version", "publisher", "description", "icon", "repository", "license",
	"keywords", "categories", "changelog", "category", "native", "engines", "extensionDependencies",
	"extensionPack", "main", "serverMain", "activationEvents", "contributes", "permissions",
	"scopes", "events", "surfaces",
}

// Parse reads extension.json. The manifest is nil when the report has errors.
func Parse(data []byte, opts Options) (*Manifest, Report) {
	r := &reader{opts: opts}
	tree, ok := decode(data, r.fail)
	if !ok {
		return nil, r.report
	}
	m := readManifest(value{r: r, v: tree, set: true})
	if m == nil || len(r.report.Errors) > 0 {
		return nil, r.report
	}
	r.report.Valid = true
	return m, r.report
}

// readManifest applies every rule. Schema records them by the same way.
func readManifest(root value) *Manifest {
	if !root.object(true, known...) {
		return nil
	}
	m := &Manifest{}
	m.readIdentity(root)
	m.readDescription(root)
	m.readKind(root)
	m.readEngines(root.at("engines"))
	m.readDependencies(root)
	m.readEntries(root)
	m.ActivationEvents = readActivation(root.at("activationEvents"))
	m.Contributes = readContributes(root.at("contributes"))
	m.readPermissions(root.at("permissions"))
	return m
}

func (m *Manifest) readIdentity(root value) {
	const format = `Extension ID must be in format "publisher.name" using lowercase letters, numbers, and hyphens`
	m.ID = ID(root.at("id").text(text{required: true, pattern: idPattern, max: maxID, message: format, expected: "publisher.name"}))
	m.Name = root.at("name").name("Extension name is required", "Name too long")
	m.Version = root.at("version").text(text{required: true, pattern: versionPattern, max: maxVersion, expected: "a version such as 1.0.0"})
	m.Publisher = root.at("publisher").text(text{
		required: true, pattern: slugPattern, max: maxID,
		expected: "a slug of lowercase letters, numbers, and hyphens",
	})
	if m.ID != "" && m.Publisher != "" && m.ID.Publisher() != m.Publisher {
		root.at("id").fail("Extension ID must start with publisher slug", quote(m.Publisher+".…"))
	}
}

// name reads a required string of 1 to 100 characters that says which end is wrong.
func (v value) name(empty, long string) string {
	message := long
	if v.v == "" {
		message = empty
	}
	return v.text(text{required: true, min: 1, max: maxName, message: message})
}

func (m *Manifest) readDescription(root value) {
	m.Description = root.at("description").text(text{max: maxDescription, multi: true})
	m.Icon = root.at("icon").file(false)
	m.Repository = root.at("repository").text(text{check: isURI, approx: `^[A-Za-z][A-Za-z0-9+.-]*:[^ ]*$`, expected: "a URI"})
	m.License = root.at("license").text(text{required: true, min: 1, expected: "the id of a license, such as Apache-2.0"})
	m.Keywords = root.at("keywords").texts(text{})
	m.Categories = root.at("categories").texts(text{})
	m.Changelog = root.at("changelog").text(text{multi: true})
	for _, field := range []string{"icon", "description", "repository"} {
		if !root.at(field).set {
			root.r.warn(field, "No "+field)
		}
	}
}

func isURI(s string) bool {
	u, err := url.Parse(s)
	return err == nil && u.Scheme != "" && !strings.Contains(s, " ")
}

func (m *Manifest) readKind(root value) {
	m.Category = Category(root.at("category").text(text{enum: []string{string(Sandboxed), string(Native)}}))
	if !root.at("category").set {
		m.Category = Sandboxed
	}
	native := root.at("native")
	root.s.requireWhen("category", string(Native), "native")
	if m.Category == Native && !native.set {
		native.fail("Native extensions must specify native configuration", "an object")
	}
	if !native.object(false, "platforms", "electronMain", "requiresAdmin", "nativeDependencies") {
		return
	}
	platforms := native.at("platforms")
	platforms.s.require()
	platforms.s.atLeast(1)
	config := NativeConfig{
		Platforms:          platforms.texts(text{enum: []string{"win32", "darwin", "linux"}}),
		ElectronMain:       native.at("electronMain").file(false),
		RequiresAdmin:      native.at("requiresAdmin").boolean(),
		NativeDependencies: native.at("nativeDependencies").texts(text{}),
	}
	if entries, ok := platforms.v.([]any); !platforms.set || ok && len(entries) == 0 {
		platforms.fail(missingOr(platforms, "At least one platform is required"), "a list of win32, darwin, linux")
	}
	if m.Category != Native {
		return
	}
	m.Native = &config
	if !native.at("electronMain").set {
		root.r.warn("native.electronMain", "Native extension without native.electronMain")
	}
}

func (m *Manifest) readDependencies(root value) {
	m.ExtensionDependencies = root.at("extensionDependencies").texts(text{
		pattern: dependencyPattern, expected: "publisher.name@version, such as acme.base@^1.0.0",
	})
	for _, id := range root.at("extensionPack").texts(text{pattern: idPattern, max: maxID, expected: "publisher.name"}) {
		m.ExtensionPack = append(m.ExtensionPack, ID(id))
	}
}

func (m *Manifest) readEntries(root value) {
	m.Main = root.at("main").file(false)
	m.ServerMain = root.at("serverMain").file(false)
	root.s.requireOneOf("main", "serverMain")
	if !root.at("main").set && !root.at("serverMain").set {
		root.at("main").fail("Extension must have at least one entry point (main or serverMain)", "main or serverMain")
	}
}

// readPermissions comes after the routes, whose public ones ask for something too.
func (m *Manifest) readPermissions(v value) {
	if !v.object(true, "client", "server") {
		return
	}
	places := map[permissions.Side][]value{}
	texts := map[permissions.Side][]string{}
	for _, side := range []permissions.Side{permissions.Client, permissions.Server} {
		places[side], texts[side] = v.at(string(side)).declared()
		v.at(string(side)).s.permissions(side)
	}
	set, errs := permissions.ParseSet(texts[permissions.Client], texts[permissions.Server], v.r.opts.Permissions)
	for _, e := range errs {
		message := e.Err.Problem
		if e.Err.Hint != "" {
			message += ": " + e.Err.Hint
		}
		places[e.Side][e.Index].fail(message, e.Err.Expected)
	}
	for _, route := range m.Contributes.APIRoutes {
		set.Public = set.Public || route.Public
	}
	m.Permissions = set
	grants := permissions.NewGrants("", set, permissions.Policy{})
	if grants.Check(permissions.Server, permissions.HTTPFetch) == nil {
		v.r.warn("permissions.server", "Using http:fetch allows requests to any domain. Consider using http:domain: for specific domains.")
	}
	if grants.Check(permissions.Client, permissions.NetworkFetch) == nil && grants.Check(permissions.Server, permissions.HTTPDomain) != nil {
		v.r.warn("permissions.client", "network:fetch reaches nothing without an http:domain: server permission")
	}
}

// declared returns the strings of a list of permissions and where they stand.
func (v value) declared() (places []value, texts []string) {
	entries := v.list(false)
	if len(entries) > MaxPermissions {
		v.fail("Too many permissions", fmt.Sprintf("at most %d", MaxPermissions))
		return nil, nil
	}
	for _, e := range entries {
		if s := e.text(text{required: true, min: 1, expected: "the name of a permission"}); s != "" {
			places, texts = append(places, e), append(texts, s)
		}
	}
	return places, texts
}
