package httpapi

import "unicode/utf8"

// maxMessage is the longest error text that is passed on, in bytes; the rest of
// a longer one is cut off.
const maxMessage = 8 << 10

// errorBody is the body of an answer to an error.
func errorBody(code, message, id string) []byte {
	if len(message) > maxMessage {
		cut := maxMessage
		for cut > maxMessage-utf8.UTFMax && !utf8.RuneStart(message[cut]) {
			cut--
		}
		message = message[:cut] + "…"
	}
	b := make([]byte, 0, 64+len(code)+len(message)+len(message)/8+len(id))
	b = append(b, `{"error":"`...)
	b = append(b, code...)
	b = append(b, `","message":`...)
	b = appendString(b, message)
	b = append(b, `,"requestId":"`...)
	b = append(b, id...)
	return append(b, `"}`...)
}

// appendString appends s as a JSON string. Invalid UTF-8 becomes U+FFFD; what
// HTML or JavaScript would read as more than text is escaped.
func appendString(b []byte, s string) []byte {
	const digits = "0123456789abcdef"
	b = append(b, '"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			b = append(b, '\\', byte(r))
		case r < ' ' || r == 0x7f || r == '<' || r == '>' || r == '&' || r == '\u2028' || r == '\u2029':
			b = append(b, '\\', 'u', digits[r>>12&15], digits[r>>8&15], digits[r>>4&15], digits[r&15])
		default:
			b = utf8.AppendRune(b, r)
		}
	}
	return append(b, '"')
}
