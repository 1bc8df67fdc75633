package signing

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/annexhost/annex/runtime/pack"
)

// IsSigned reports whether a package has a signature, right or wrong.
func IsSigned(p *pack.Package) bool {
	_, err := p.Read(File)
	return err == nil
}

// Verify returns the key that signed a package, when the ring trusts that key
// now and every file is as it was signed. Any other outcome is an *Error; a
// package without signature is one of code Unsigned.
func Verify(p *pack.Package, ring *Ring, now time.Time) (PublicKey, error) {
	data, err := p.Read(File)
	if err != nil {
		return PublicKey{}, refuse(Unsigned, "%s %s is not signed", p.Manifest.ID, p.Manifest.Version)
	}
	s, err := parse(data)
	if err != nil {
		return PublicKey{}, err
	}
	key, err := ring.find(s.keyID)
	if err != nil {
		return PublicKey{}, err
	}
	if err := key.Check(now); err != nil {
		return PublicKey{}, err
	}
	public, err := key.bytes()
	if err != nil {
		return PublicKey{}, refuse(RingUnreadable, "%v", err)
	}
	if !ed25519.Verify(public, s.statement, s.value) || s.key != s.keyID {
		return PublicKey{}, refuse(Invalid, "signature verification failed: the key %s did not make this signature", s.keyID)
	}
	// From here on the statement is the publisher's word.
	if here := fmt.Sprintf("%s %s", p.Manifest.ID, p.Manifest.Version); s.pkg != here {
		return PublicKey{}, refuse(WrongPackage, "the signature is of another package: it was made for %s, this is %s", s.pkg, here)
	}
	if changes := differences(s.files, p.Canonical()); changes != "" {
		return PublicKey{}, refuse(ContentChanged, "the package is not what was signed: %s", changes)
	}
	if sum := sha256.Sum256(s.files); hex.EncodeToString(sum[:]) != s.hash {
		return PublicKey{}, refuse(Invalid, "signature verification failed: its hash is not that of what was signed")
	}
	if issuer := p.Manifest.ID.Publisher(); key.Issuer != "" && key.Issuer != issuer {
		return PublicKey{}, refuse(KeyForeign, "the key %s signs packages of %s, this is one of %s", key.KeyID, key.Issuer, issuer)
	}
	return key, nil
}

// differences says in words how two lists of files differ; empty when they do not.
func differences(signed, here []byte) string {
	if bytes.Equal(signed, here) {
		return ""
	}
	before, after := listed(signed), listed(here)
	var changes []string
	for path, is := range after {
		switch was, known := before[path]; {
		case !known:
			changes = append(changes, path+" was added")
		case was != is:
			changes = append(changes, path+" was changed")
		}
	}
	for path := range before {
		if _, still := after[path]; !still {
			changes = append(changes, path+" was removed")
		}
	}
	const shown = 5
	slices.Sort(changes)
	if len(changes) == 0 {
		return "the list of its files is written in another way"
	}
	if more := len(changes) - shown; more > 0 {
		changes = append(changes[:shown], fmt.Sprintf("and %d more", more))
	}
	return strings.Join(changes, ", ")
}

// listed reads a list of files: what stands before a path, by path.
func listed(text []byte) map[string]string {
	files := map[string]string{}
	for _, line := range strings.Split(string(text), "\n")[1:] {
		sum, rest, _ := strings.Cut(line, " ")
		size, path, ok := strings.Cut(rest, " ")
		if ok {
			files[path] = sum + " " + size
		}
	}
	return files
}
