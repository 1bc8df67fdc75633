package secrets

import (
	"fmt"
	"strings"
	"testing"
)

// BenchmarkSeal is the cryptography alone: one value of 256 bytes.
func BenchmarkSeal(b *testing.B) {
	key, err := newSealingKey(newSecret())
	if err != nil {
		b.Fatal(err)
	}
	place := alice.bindValue("API_KEY", 1)
	plain := []byte(strings.Repeat("x", 256))
	sealed, err := key.seal(plain, place)
	if err != nil {
		b.Fatal(err)
	}
	b.Run("seal", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := key.seal(plain, place); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("open", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := key.open(sealed, place); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// BenchmarkKeeper is a Get and a Set of 256 bytes over the store in memory, by
// how many secrets the owner has, and a Get that has to unwrap the data key.
func BenchmarkKeeper(b *testing.B) {
	value := NewValue(strings.Repeat("x", 256))
	for _, names := range []int{1, 5, 50} {
		f := newFixture(b)
		for i := range names {
			if _, err := f.Set(b.Context(), alice, fmt.Sprint("API_KEY_", i), value); err != nil {
				b.Fatal(err)
			}
		}
		get := func(b *testing.B) {
			if _, err := f.Get(b.Context(), alice, "API_KEY_0"); err != nil {
				b.Fatal(err)
			}
		}
		b.Run(fmt.Sprintf("get/%d", names), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				get(b)
			}
		})
		b.Run(fmt.Sprintf("get-cold/%d", names), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				f.cache.drop(alice)
				get(b)
			}
		})
		b.Run(fmt.Sprintf("set/%d", names), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := f.Set(b.Context(), alice, "API_KEY_0", value); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
