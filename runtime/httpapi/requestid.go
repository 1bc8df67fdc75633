package httpapi

import (
	"crypto/rand"
	"encoding/hex"
	"net/http"
)

// maxRequestID is the longest request id that is taken from a caller, in bytes.
const maxRequestID = 128

// requestID returns the id that the caller sent when it is harmless wherever it
// is written, else a new one.
func requestID(h http.Header) string {
	if sent := h["X-Request-Id"]; len(sent) == 1 && isRequestID(sent[0]) {
		return sent[0]
	}
	return newUUID()
}

// isRequestID reports whether s matches ^[A-Za-z0-9._-]+$ and is not too long.
func isRequestID(s string) bool {
	if s == "" || len(s) > maxRequestID {
		return false
	}
	for i := range len(s) {
		c := s[i]
		if !isAlphanumeric(c) && c != '.' && c != '_' && c != '-' {
			return false
		}
	}
	return true
}

// newUUID returns a random UUID, of version 4.
func newUUID() string {
	var b [16]byte
	rand.Read(b[:]) // never fails
	b[6] = b[6]&0x0f | 0x40
	b[8] = b[8]&0x3f | 0x80
	var s [36]byte
	hex.Encode(s[:], b[:4])
	hex.Encode(s[9:], b[4:6])
	hex.Encode(s[14:], b[6:8])
	hex.Encode(s[19:], b[8:10])
	hex.Encode(s[24:], b[10:])
	s[8], s[13], s[18], s[23] = '-', '-', '-', '-'
	return string(s[:])
}
