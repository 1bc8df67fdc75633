package nesting

import (
	"strings"
	"testing"
)

func TestQuick(t *testing.T) {
	for _, c := range []string{
		strings.Repeat("[", 300), strings.Repeat("a=>", 300) + "1",
	} {
		if err := Check([]byte(c), Source); err == nil {
			t.Errorf("passes: %.40q", c)
		}
	}
}
