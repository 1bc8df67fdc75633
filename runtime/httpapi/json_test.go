package httpapi

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"
)

// FuzzErrorBody: whatever the message, the body is JSON that says it.
func FuzzErrorBody(f *testing.F) {
	for _, seed := range []string{
		"", "plain", `quote " backslash \`, "line\nfeed\tand\x00nul\x7f", "</script><!--&", "\u2028\u2029", "ä€𝄞", "\xff\xfe half \xe2\x82",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, message string) {
		body := errorBody("CODE", message, "id-1")
		var got struct{ Error, Message, RequestID string }
		if err := json.Unmarshal(body, &got); err != nil {
			t.Fatalf("%q: %v in %s", message, err, body)
		}
		if !utf8.Valid(body) || strings.ContainsAny(string(body), "<>&\x00\n\u2028\u2029") {
			t.Fatalf("%q: body %q has what should be escaped", message, body)
		}
		want := strings.ToValidUTF8(message, "")
		if len(message) > maxMessage {
			want = strings.TrimSuffix(strings.ReplaceAll(got.Message, "\ufffd", ""), "…")
			if !strings.HasPrefix(strings.ReplaceAll(strings.ToValidUTF8(message, ""), "\ufffd", ""), want) {
				t.Fatalf("a long message was changed before its cut: %q", got.Message)
			}
			if n := strings.Count(got.Message, "") - 1; n > maxMessage+1 {
				t.Fatalf("a long message kept %d characters", n)
			}
			return
		}
		if have := strings.ReplaceAll(got.Message, "\ufffd", ""); have != strings.ReplaceAll(want, "\ufffd", "") {
			t.Fatalf("got message %q, want %q", got.Message, message)
		}
		if got.Error != "CODE" || got.RequestID != "id-1" {
			t.Fatalf("got %+v", got)
		}
	})
}

func TestErrorBodyIsCutBetweenCharacters(t *testing.T) {
	for shift := range 4 {
		message := strings.Repeat("x", shift) + strings.Repeat("𝄞", maxMessage)
		var got struct{ Message string }
		if err := json.Unmarshal(errorBody("C", message, "i"), &got); err != nil {
			t.Fatal(err)
		}
		if strings.Contains(got.Message, "\ufffd") || len(got.Message) > maxMessage+len("…") || len(got.Message) < maxMessage-4 {
			t.Errorf("shift %d: %d bytes, ending %q", shift, len(got.Message), got.Message[len(got.Message)-8:])
		}
	}
}
