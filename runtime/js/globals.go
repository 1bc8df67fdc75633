package js

import "github.com/dop251/goja"

// globalNames are the globals that the engine adds to the language.
var globalNames = []string{
	"console",
	"setTimeout", "setInterval", "clearTimeout", "clearInterval", "queueMicrotask",
}

// makeGlobal makes a global when it is first touched.
func (r *realm) makeGlobal(name string) goja.Value {
	switch name {
	case "console":
		return newLazyObject(r.vm, consoleNames, r.makeConsole)
	case "setTimeout":
		return r.function(name, r.setTimeout)
	case "setInterval":
		return r.function(name, r.setInterval)
	case "clearTimeout", "clearInterval":
		return r.function(name, r.clearTimer)
	case "queueMicrotask":
		return r.function(name, r.queueMicrotask)
	}
	return nil
}
