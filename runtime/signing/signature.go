package signing

import (
	"bytes"
	"crypto/ed25519"
	"encoding/base64"
	"fmt"
	"strings"

	"github.com/annexhost/annex/runtime/pack"
)

// File is the name of the signature in a package.
const File = "SIGNATURE"

// The lines of a signature.
const (
	begin          = "-----BEGIN BLUEPLM SIGNATURE-----"
	end            = "-----END BLUEPLM SIGNATURE-----"
	statementFirst = "annex signature 1"
	maxSignature   = 1 << 20 // bytes of the file
)

// statement is what a key signs.
func statement(id string, p *pack.Package) []byte {
	head := fmt.Sprintf("%s\nkey %s\npackage %s %s\n", statementFirst, id, p.Manifest.ID, p.Manifest.Version)
	return append([]byte(head), p.Canonical()...)
}

// Sign returns the file SIGNATURE for a package.
func Sign(p *pack.Package, id string, key ed25519.PrivateKey) []byte {
	text := statement(id, p)
	var out bytes.Buffer
	fmt.Fprintf(&out, "%s\nKeyId: %s\nHash: SHA256:%s\nSignature: %s\n%s\n", begin, id, p.Digest,
		base64.StdEncoding.EncodeToString(ed25519.Sign(key, text)), end)
	out.Write(text)
	return out.Bytes()
}

// signature is a SIGNATURE that was read.
type signature struct {
	keyID     string
	hash      string // hex
	value     []byte
	statement []byte // as it stands in the file
	key, pkg  string // the lines of the statement
	files     []byte // the rest of it
}

// parse reads a SIGNATURE. Nothing is skipped: two readings of one file would
// be two signatures.
func parse(data []byte) (*signature, error) {
	malformed := func(why string) error {
		return refuse(Malformed, "SIGNATURE is not a signature: %s", why)
	}
	if len(data) > maxSignature {
		return nil, malformed(fmt.Sprintf("it has more than %d bytes", maxSignature))
	}
	s := &signature{}
	rest := string(data)
	line := func() (text string) {
		text, rest, _ = strings.Cut(rest, "\n")
		return text
	}
	field := func(name string) (string, bool) { return strings.CutPrefix(line(), name) }
	if line() != begin {
		return nil, malformed("it does not begin with " + begin)
	}
	var known, hashed, signed bool
	var value string
	s.keyID, known = field("KeyId: ")
	s.hash, hashed = field("Hash: SHA256:")
	value, signed = field("Signature: ")
	if !known || !hashed || !signed {
		return nil, malformed("its lines are KeyId, Hash: SHA256: and Signature")
	}
	if err := CheckKeyID(s.keyID); err != nil {
		return nil, malformed(err.Error())
	}
	var ok bool
	if s.value, ok = fromBase64(value, ed25519.SignatureSize); !ok {
		return nil, malformed("the signature is not 64 bytes in base64")
	}
	if line() != end {
		return nil, malformed("there is no line " + end)
	}
	s.statement = []byte(rest)
	first := line()
	var keyed, named bool
	s.key, keyed = field("key ")
	s.pkg, named = field("package ")
	s.files = []byte(rest)
	if first != statementFirst || !keyed || !named {
		return nil, malformed("the statement that was signed does not follow")
	}
	return s, nil
}
