package manifest

import (
	"fmt"
	"strings"
)

// The limits of a file's name in a package.
const (
	maxFileName  = 240 // bytes of the whole name
	maxFileDepth = 24  // parts of the name
)

// CheckFile returns nil when name can name a file in a package on every system
// that Annex runs on: parts of letters, digits and ._-@+()[]$~,= and inner
// spaces, joined by single slashes, none of them "." or "..", none reserved by
// Windows or changed by it. The error is lower case and says what is wrong.
func CheckFile(name string) error {
	switch {
	case name == "":
		return fmt.Errorf("empty name")
	case len(name) > maxFileName:
		return fmt.Errorf("name longer than %d bytes", maxFileName)
	case strings.HasPrefix(name, "/"):
		return fmt.Errorf("absolute name %q", name)
	case strings.Count(name, "/") >= maxFileDepth:
		return fmt.Errorf("name %q with more than %d parts", name, maxFileDepth)
	}
	for part := range strings.SplitSeq(name, "/") {
		if problem := checkPart(part); problem != "" {
			return fmt.Errorf("name %q %s", shorten(name), problem)
		}
	}
	return nil
}

func checkPart(part string) string {
	switch part {
	case "":
		return "with an empty part"
	case ".", "..":
		return fmt.Sprintf("with the part %q", part)
	}
	for i := range len(part) {
		if c := part[i]; !isNameByte(c) {
			return fmt.Sprintf("with a character outside A-Za-z0-9 and ._-@+()[]$~,= (%q)", part)
		}
	}
	if strings.HasPrefix(part, " ") || strings.HasSuffix(part, " ") || strings.HasSuffix(part, ".") {
		return fmt.Sprintf("with a part that starts or ends in a space, or ends in a dot (%q)", part)
	}
	if isReserved(part) {
		return fmt.Sprintf("with a part that is a device on Windows (%q)", part)
	}
	return ""
}

func isNameByte(c byte) bool {
	switch {
	case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9':
		return true
	}
	return strings.IndexByte("._-@+()[]$~,= ", c) >= 0
}

// isReserved reports whether Windows takes part for a device, with or without
// an extension.
func isReserved(part string) bool {
	base, _, _ := strings.Cut(part, ".")
	base = strings.ToLower(strings.TrimRight(base, " "))
	switch base {
	case "con", "prn", "aux", "nul", "conin$", "conout$":
		return true
	}
	rest, ok := strings.CutPrefix(base, "com")
	if !ok {
		rest, ok = strings.CutPrefix(base, "lpt")
	}
	return ok && len(rest) == 1 && '0' <= rest[0] && rest[0] <= '9'
}

// approxFile is what a name looks like, for the schema. More passes than is valid.
const approxFile = `^[A-Za-z0-9._@+()\[\]$~,=-][A-Za-z0-9._@+()\[\]$~,=/ -]*$`

// file returns the name of a file in the package, without a leading "./".
func (v value) file(required bool) string {
	s := v.text(text{required: required, min: 1, expected: "a file in the package", approx: approxFile})
	if s == "" {
		return ""
	}
	s = strings.TrimPrefix(s, "./")
	if err := CheckFile(s); err != nil {
		v.fail("Not a file in the package: "+err.Error(), "a relative name such as server/sync.js")
		return ""
	}
	return s
}
