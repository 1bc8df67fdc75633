package doctor

import (
	"os"
	"path/filepath"
	"testing"
)

func TestReadLimit(t *testing.T) {
	name := filepath.Join(t.TempDir(), "limit")
	for text, want := range map[string]int64{
		"max\n": -1, "1048576\n": 1 << 20, "9223372036854771712\n": -1, "": -1, "x": -1,
	} {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if got := readLimit(name); got != want {
			t.Errorf("%q: got %d, want %d", text, got, want)
		}
	}
	if got := readLimit(name + ".absent"); got != -1 {
		t.Errorf("no file: got %d, want -1", got)
	}
}

func TestLower(t *testing.T) {
	for _, tt := range [][3]int64{{-1, -1, -1}, {-1, 5, 5}, {5, -1, 5}, {5, 3, 3}, {3, 5, 3}} {
		if got := lower(tt[0], tt[1]); got != tt[2] {
			t.Errorf("lower(%d, %d) = %d, want %d", tt[0], tt[1], got, tt[2])
		}
	}
}
