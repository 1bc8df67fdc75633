package js

import (
	"crypto/hmac"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"hash"

	"github.com/dop251/goja"
)

// hashes are the digest algorithms of Web Crypto.
func hashNamed(name string) func() hash.Hash {
	switch name {
	case "SHA-1":
		return sha1.New
	case "SHA-384":
		return sha512.New384
	case "SHA-512":
		return sha512.New
	default:
		return sha256.New
	}
}

// addCryptoNatives adds the natives of crypto.
func (r *realm) addCryptoNatives(add func(string, func(goja.FunctionCall) goja.Value)) {
	add("bytesOf", r.copyBytes)
	add("fill", func(fc goja.FunctionCall) goja.Value {
		if b, ok := bytesOf(r.vm, fc.Argument(0)); ok {
			r.clock.read(b)
		}
		return goja.Undefined()
	})
	add("uuid", func(goja.FunctionCall) goja.Value { return r.vm.ToValue(r.uuid()) })
	add("digest", func(fc goja.FunctionCall) goja.Value {
		h := hashNamed(fc.Argument(0).String())()
		h.Write(r.bytesArgument(fc.Argument(1)))
		return r.arrayBuffer(h.Sum(nil))
	})
	add("hmac", func(fc goja.FunctionCall) goja.Value {
		h := hmac.New(hashNamed(fc.Argument(0).String()), r.bytesArgument(fc.Argument(1)))
		h.Write(r.bytesArgument(fc.Argument(2)))
		return r.arrayBuffer(h.Sum(nil))
	})
	add("equal", func(fc goja.FunctionCall) goja.Value {
		return r.vm.ToValue(hmac.Equal(r.bytesArgument(fc.Argument(0)), r.bytesArgument(fc.Argument(1))))
	})
	add("toBase64URL", func(fc goja.FunctionCall) goja.Value {
		return r.vm.ToValue(base64.RawURLEncoding.EncodeToString(r.bytesArgument(fc.Argument(0))))
	})
	add("fromBase64URL", func(fc goja.FunctionCall) goja.Value {
		b, err := base64.RawURLEncoding.DecodeString(fc.Argument(0).String())
		if err != nil {
			return goja.Undefined()
		}
		return r.arrayBuffer(b)
	})
}

// uuid returns a random (version 4) UUID.
func (r *realm) uuid() string {
	var b [16]byte
	r.clock.read(b[:])
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	text := hex.EncodeToString(b[:])
	return text[:8] + "-" + text[8:12] + "-" + text[12:16] + "-" + text[16:20] + "-" + text[20:]
}
