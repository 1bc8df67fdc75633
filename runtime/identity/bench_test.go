package identity

import (
	"testing"

	"github.com/annexhost/annex/storage/memstore"
)

// What does it cost to know a caller by a token, the store being in memory?
func BenchmarkVerifyToken(b *testing.B) {
	tokens := NewTokens(memstore.New(), nil)
	value, _, err := tokens.New(b.Context(), Token{Org: "acme", Role: Member})
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := tokens.Verify(b.Context(), value); err != nil {
			b.Fatal(err)
		}
	}
}
