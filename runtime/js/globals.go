package js

import (
	"time"

	"github.com/dop251/goja"
)

// globalNames are the globals that the engine adds to the language. They are
// found on the prototype of globalThis.
var globalNames = []string{
	"console", "performance",
	"setTimeout", "setInterval", "clearTimeout", "clearInterval", "queueMicrotask",
	"atob", "btoa", "structuredClone",
	"URL", "URLSearchParams", "TextEncoder", "TextDecoder",
	"AbortController", "AbortSignal", "DOMException",
	"crypto", "Crypto", "CryptoKey", "SubtleCrypto",
	"Headers", "Response",
}

// makeGlobal makes a global when it is first touched.
func (r *realm) makeGlobal(name string) goja.Value {
	r.program.touched.add(globalPath + name)
	switch name {
	case "console":
		return newLazyObject(r.vm, consoleNames, r.makeConsole)
	case "performance":
		return newLazyObject(r.vm, performanceNames, r.makePerformance)
	case "setTimeout":
		return r.function(name, r.setTimeout)
	case "setInterval":
		return r.function(name, r.setInterval)
	case "clearTimeout", "clearInterval":
		return r.function(name, r.clearTimer)
	case "queueMicrotask":
		return r.function(name, r.queueMicrotask)
	case "atob":
		return r.function(name, r.atob)
	case "btoa":
		return r.function(name, r.btoa)
	}
	return r.preludeMember(moduleOf(name), name)
}

// moduleOf returns the module of the prelude that has a global.
func moduleOf(global string) string {
	switch global {
	case "structuredClone":
		return "clone"
	case "URL", "URLSearchParams":
		return "url"
	case "TextEncoder", "TextDecoder":
		return "text"
	case "AbortController", "AbortSignal":
		return "abort"
	case "DOMException":
		return "exception"
	case "Headers", "Response":
		return "fetch"
	default:
		return "crypto"
	}
}

var performanceNames = []string{"now", "timeOrigin"}

// makePerformance makes a member of performance.
func (r *realm) makePerformance(name string) goja.Value {
	since := r.clock.sinceStart()
	if name == "timeOrigin" {
		return r.vm.ToValue(float64(r.clock.now().Add(-since).UnixMicro()) / 1000)
	}
	return r.function(name, func(goja.FunctionCall) goja.Value {
		return r.vm.ToValue(float64(r.clock.sinceStart()) / float64(time.Millisecond))
	})
}
