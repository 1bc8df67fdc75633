package manifest

import (
	"fmt"
	"regexp"

	"github.com/Masterminds/semver/v3"
)

// Engines says which hosts an extension is made for. At least one is given.
type Engines struct {
	BluePLM string `json:"blueplm,omitempty"`
	Annex   string `json:"annex,omitempty"`
}

// defaultBluePLM is the version that Annex claims to be compatible with.
const defaultBluePLM = "3.9.9"

var enginePattern = regexp.MustCompile(`^[\^~><=]*\d+(\.\d+)?(\.\d+)?(-[a-zA-Z0-9.-]+)?$`)

func (m *Manifest) readEngines(v value) {
	if !v.object(true, "blueplm", "annex") {
		return
	}
	v.s.requireOneOf("blueplm", "annex")
	if !v.at("blueplm").set && !v.at("annex").set {
		v.fail("At least one engine is required", "blueplm or annex")
		return
	}
	blueplm := v.r.opts.BluePLM
	if blueplm == "" {
		blueplm = defaultBluePLM
	}
	m.Engines = Engines{
		BluePLM: v.at("blueplm").engine(blueplm),
		Annex:   v.at("annex").engine(v.r.opts.AnnexVersion),
	}
}

// engine reads the range of versions that an extension is made for, and says
// when the version here is not in it. An empty version is not compared.
func (v value) engine(here string) string {
	const expected = "a version or a range such as ^1.0.0"
	s := v.text(text{pattern: enginePattern, max: maxVersion, expected: expected})
	if s == "" {
		return ""
	}
	wanted, err := semver.NewConstraint(s)
	if err != nil {
		v.fail("Invalid value", expected)
		return ""
	}
	if here == "" {
		return s
	}
	version, err := semver.NewVersion(here)
	switch {
	case err != nil:
		v.r.warn(v.path, fmt.Sprintf("Not checked: this host's version %q is not a version", here))
	case wanted.Check(version):
	case v.r.opts.Strict:
		v.fail("Not made for this host", "a range with version "+here)
	default:
		v.r.warn(v.path, fmt.Sprintf("Made for %s, this host is %s; it may not work", s, here))
	}
	return s
}
