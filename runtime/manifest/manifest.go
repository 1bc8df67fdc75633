// Package manifest reads extension.json: what an extension is, which routes it
// answers, what it contributes and which permissions it asks for.
//
// [Parse] applies every rule of the contract and reports everything that is
// wrong in one answer, each with its path, what was expected and what was
// found. The package is pure: bytes in, a [Manifest] or a [Report] out.
package manifest

import (
	"regexp"
	"strings"

	"github.com/annexhost/annex/permissions"
)

// File is the name of the manifest in a package.
const File = "extension.json"

// The limits of a manifest.
const (
	MaxBytes       = 1 << 20 // of the whole file
	MaxDepth       = 64      // of nested objects and lists
	MaxRoutes      = 256     // in contributes.apiRoutes
	MaxPermissions = 256     // on each side
	maxID          = 128     // characters of an id
	maxName        = 100     // characters of the name
	maxDescription = 500     // characters of the description
	maxVersion     = 128     // characters of the version
	maxRateLimit   = 1_000_000
)

// ID is the full id of an extension, "publisher.name".
type ID string

var idPattern = regexp.MustCompile(`^[a-z][a-z0-9-]*\.[a-z][a-z0-9-]*$`)
var slugPattern = regexp.MustCompile(`^[a-z][a-z0-9-]*$`)

// IsID reports whether s has the form of a full id.
func IsID(s string) bool {
	publisher, name, _ := strings.Cut(s, ".")
	return len(s) <= maxID && isSlug(publisher) && isSlug(name)
}

// IsShortName reports whether s has the form of an id's second part, which is
// an alias where it is unique.
func IsShortName(s string) bool { return len(s) <= maxID && isSlug(s) }

// isSlug reports whether s matches slugPattern. Every invocation asks, and the
// pattern takes ten times longer to answer.
func isSlug(s string) bool {
	for i := range len(s) {
		c := s[i]
		if !(c >= 'a' && c <= 'z' || i > 0 && (c >= '0' && c <= '9' || c == '-')) {
			return false
		}
	}
	return s != ""
}

// Publisher is the part before the dot.
func (id ID) Publisher() string {
	publisher, _, _ := strings.Cut(string(id), ".")
	return publisher
}

// ShortName is the part after the dot.
func (id ID) ShortName() string {
	_, name, _ := strings.Cut(string(id), ".")
	return name
}

// Category says how the client half of an extension is run.
type Category string

// The categories.
const (
	Sandboxed Category = "sandboxed"
	Native    Category = "native"
)

// Manifest is a valid extension.json. Names of files are relative to the root
// of the package, without a leading "./". A Manifest is not changed after it
// was parsed.
type Manifest struct {
	ID          ID       `json:"id"`
	Name        string   `json:"name"`
	Version     string   `json:"version"`
	Publisher   string   `json:"publisher"`
	Description string   `json:"description,omitempty"`
	Icon        string   `json:"icon,omitempty"`
	Repository  string   `json:"repository,omitempty"`
	License     string   `json:"license"`
	Keywords    []string `json:"keywords,omitempty"`
	Categories  []string `json:"categories,omitempty"`
	Changelog   string   `json:"changelog,omitempty"` // Markdown

	Category Category      `json:"category"`
	Native   *NativeConfig `json:"native,omitempty"` // nil unless Category is Native

	Engines               Engines  `json:"engines"`
	ExtensionDependencies []string `json:"extensionDependencies,omitempty"` // "publisher.name@^1.0.0"
	ExtensionPack         []ID     `json:"extensionPack,omitempty"`

	Main       string `json:"main,omitempty"`       // client entry
	ServerMain string `json:"serverMain,omitempty"` // informational: routes name their handlers

	ActivationEvents []ActivationEvent `json:"activationEvents"`
	Contributes      Contributes       `json:"contributes"`

	// Permissions is what the extension asks for. Public is set when a route
	// is public.
	Permissions permissions.Set `json:"permissions"`
}

// NativeConfig is what a native extension says of itself.
type NativeConfig struct {
	Platforms          []string `json:"platforms"` // win32, darwin, linux
	ElectronMain       string   `json:"electronMain,omitempty"`
	RequiresAdmin      bool     `json:"requiresAdmin,omitempty"`
	NativeDependencies []string `json:"nativeDependencies,omitempty"`
}

// Contributes is what an extension adds to its host.
type Contributes struct {
	Views         []View         `json:"views,omitempty"`
	Commands      []Command      `json:"commands,omitempty"`
	Settings      []Setting      `json:"settings,omitempty"`
	APIRoutes     []Route        `json:"apiRoutes,omitempty"`
	Configuration *Configuration `json:"configuration,omitempty"` // nil when there is none
}

// View is a component of the client.
type View struct {
	ID        string `json:"id"`
	Name      string `json:"name"`
	Location  string `json:"location"` // sidebar, panel, settings, dialog
	Component string `json:"component"`
	Icon      string `json:"icon,omitempty"`
	When      string `json:"when,omitempty"`
}

// Command is an entry of the command palette.
type Command struct {
	ID         string `json:"id"`
	Title      string `json:"title"`
	Icon       string `json:"icon,omitempty"`
	Keybinding string `json:"keybinding,omitempty"`
	Category   string `json:"category,omitempty"`
	When       string `json:"when,omitempty"`
}

// Setting is a page of the settings.
type Setting struct {
	ID          string `json:"id"`
	Name        string `json:"name"`
	Component   string `json:"component"`
	Description string `json:"description,omitempty"`
	Icon        string `json:"icon,omitempty"`
	Category    string `json:"category"` // account, organization, extensions, system
}
