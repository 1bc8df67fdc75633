package js

import (
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/dop251/goja"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"
)

// The encodings of TextDecoder, by their names in the Encoding standard.
const (
	encodingUTF8    = "utf-8"
	encodingUTF16LE = "utf-16le"
	encodingUTF16BE = "utf-16be"
	encodingLatin1  = "windows-1252"
)

// encodingOf returns the name of the encoding for a label, or "".
func encodingOf(label string) string {
	switch strings.ToLower(strings.Trim(label, "\t\n\f\r ")) {
	case "utf-8", "utf8", "unicode-1-1-utf-8", "unicode11utf8", "unicode20utf8", "x-unicode20utf8":
		return encodingUTF8
	case "utf-16le", "utf-16", "csunicode", "iso-10646-ucs-2", "ucs-2", "unicode", "unicodefeff":
		return encodingUTF16LE
	case "utf-16be", "unicodefffe":
		return encodingUTF16BE
	case "windows-1252", "latin1", "iso-8859-1", "iso8859-1", "iso_8859-1", "ascii", "us-ascii", "l1", "cp1252", "x-cp1252", "ansi_x3.4-1968":
		return encodingLatin1
	}
	return ""
}

// addTextNatives adds the natives of TextEncoder and TextDecoder.
func (r *realm) addTextNatives(add func(string, func(goja.FunctionCall) goja.Value)) {
	add("encode", r.encodeText)
	add("bytesOf", r.copyBytes)
	add("label", func(fc goja.FunctionCall) goja.Value {
		return r.vm.ToValue(encodingOf(fc.Argument(0).String()))
	})
	add("decode", func(fc goja.FunctionCall) goja.Value {
		raw, _ := bytesOf(r.vm, fc.Argument(1))
		text, used, malformed := decodeText(fc.Argument(0).String(), raw, fc.Argument(2).ToBoolean())
		return r.vm.NewArray(r.vm.ToValue(text), used, malformed)
	})
}

// encodeText returns the UTF-8 of a string as an ArrayBuffer.
func (r *realm) encodeText(fc goja.FunctionCall) goja.Value {
	return r.arrayBuffer([]byte(fc.Argument(0).String()))
}

// copyBytes returns the bytes of a buffer or a view as an ArrayBuffer.
func (r *realm) copyBytes(fc goja.FunctionCall) goja.Value {
	return r.arrayBuffer(r.bytesArgument(fc.Argument(0)))
}

// decodeText decodes raw; in the middle of a stream an incomplete character at
// the end is not used. What is malformed becomes U+FFFD.
func decodeText(encoding string, raw []byte, stream bool) (text string, used int, malformed bool) {
	switch encoding {
	case encodingUTF16LE, encodingUTF16BE:
		return decodeUTF16(raw, encoding == encodingUTF16BE, stream)
	case encodingLatin1:
		out, err := charmap.Windows1252.NewDecoder().Bytes(raw)
		return string(out), len(raw), err != nil
	}
	used = len(raw)
	if stream {
		used -= incompleteUTF8(raw)
	}
	if utf8.Valid(raw[:used]) {
		return string(raw[:used]), used, false
	}
	out, err := unicode.UTF8.NewDecoder().Bytes(raw[:used])
	if err != nil {
		out = []byte(strings.ToValidUTF8(string(raw[:used]), "\uFFFD"))
	}
	return string(out), used, true
}

// incompleteUTF8 is how many bytes at the end of raw begin a character that may
// be completed.
func incompleteUTF8(raw []byte) int {
	for n := 1; n < utf8.UTFMax && n <= len(raw); n++ {
		tail := raw[len(raw)-n:]
		if utf8.RuneStart(tail[0]) {
			if utf8.FullRune(tail) {
				return 0
			}
			return n
		}
	}
	return 0
}

func decodeUTF16(raw []byte, bigEndian, stream bool) (text string, used int, malformed bool) {
	units := make([]uint16, len(raw)/2)
	for i := range units {
		a, b := uint16(raw[2*i]), uint16(raw[2*i+1])
		if bigEndian {
			a, b = b, a
		}
		units[i] = a | b<<8
	}
	used = 2 * len(units)
	if stream {
		if n := len(units); n > 0 && isHighSurrogate(units[n-1]) {
			units, used = units[:n-1], used-2
		}
	} else if len(raw)%2 != 0 {
		used, malformed = len(raw), true
		if n := len(units); n == 0 || !isHighSurrogate(units[n-1]) { // else it is malformed already
			units = append(units, utf8.RuneError)
		}
	}
	runes := utf16.Decode(units)
	return string(runes), used, malformed || replaced(runes, units)
}

// isHighSurrogate reports whether a unit begins a pair.
func isHighSurrogate(unit uint16) bool { return 0xD800 <= unit && unit < 0xDC00 }

// replaced reports whether decoding units made more U+FFFD than there were.
func replaced(runes []rune, units []uint16) bool {
	n := 0
	for _, c := range runes {
		if c == utf8.RuneError {
			n++
		}
	}
	for _, u := range units {
		if u == utf8.RuneError {
			n--
		}
	}
	return n != 0
}
