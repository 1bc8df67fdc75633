package manifest

import (
	"strings"
	"testing"
)

// IsID and IsShortName, which every invocation asks, agree with the patterns
// that manifests are held to.
func TestIDsAgreeWithTheirPatterns(t *testing.T) {
	const letters = "a0-.Z{`/"
	texts := []string{"", strings.Repeat("a", maxID), strings.Repeat("a", maxID+1), "acme.notes", "a.b\n", "a.b.c", "ä.b"}
	for _, a := range letters {
		for _, b := range letters {
			for _, c := range letters {
				for _, d := range letters {
					texts = append(texts, string(a), string(a)+string(b), string([]rune{a, b, c}), string([]rune{a, b, c, d}))
				}
			}
		}
	}
	for _, s := range texts {
		if got, want := IsID(s), len(s) <= maxID && idPattern.MatchString(s); got != want {
			t.Errorf("IsID(%q) = %t, want %t", s, got, want)
		}
		if got, want := IsShortName(s), len(s) <= maxID && slugPattern.MatchString(s); got != want {
			t.Errorf("IsShortName(%q) = %t, want %t", s, got, want)
		}
	}
}

func BenchmarkIsID(b *testing.B) {
	for b.Loop() {
		if !IsID("acme.notes") {
			b.Fatal("acme.notes is no id")
		}
	}
}
