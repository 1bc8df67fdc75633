package signing

import (
	"crypto/ed25519"
	"encoding/base64"
	"fmt"
	"testing"

	"github.com/annexhost/annex/runtime/pack"
)

// FuzzSignature has a stranger write a SIGNATURE. What is read is all that
// stands there: written again, it is the same file.
func FuzzSignature(f *testing.F) {
	data, err := pack.Write(files(nil), pack.Options{})
	if err != nil {
		f.Fatal(err)
	}
	p, err := pack.OpenArchive(data, pack.Options{})
	if err != nil {
		f.Fatal(err)
	}
	good := Sign(p, "acme-2026", ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize)))
	f.Add(good)
	f.Add(good[:len(good)/2])
	f.Add(append([]byte("\n"), good...))
	f.Add([]byte(begin + "\nKeyId: a\nHash: SHA256:\nSignature: \n" + end + "\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		s, err := parse(data)
		if err != nil {
			return
		}
		if CheckKeyID(s.keyID) != nil || len(s.value) != ed25519.SignatureSize {
			t.Fatalf("accepted key %q with %d bytes", s.keyID, len(s.value))
		}
		again := fmt.Sprintf("%s\nKeyId: %s\nHash: SHA256:%s\nSignature: %s\n%s\n%s", begin, s.keyID, s.hash, base64.StdEncoding.EncodeToString(s.value), end, s.statement)
		if again != string(data) {
			t.Fatalf("got %q, written again %q", data, again)
		}
	})
}

// FuzzPublicKey has a stranger write the file of a key: what is accepted has a
// name, a tier and 32 bytes.
func FuzzPublicKey(f *testing.F) {
	f.Add([]byte(`{"keyId":"acme-2026","publicKey":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=","tier":"verified","isActive":true}`))
	f.Add([]byte(`{"keyId":"../x","tier":"host"}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		k, err := ParsePublicKey(data)
		if err != nil {
			return
		}
		key, err := k.bytes()
		if err != nil || len(key) != ed25519.PublicKeySize || CheckKeyID(k.KeyID) != nil || (k.Tier != Community && k.Tier != Verified) {
			t.Fatalf("accepted %+v", k)
		}
	})
}
