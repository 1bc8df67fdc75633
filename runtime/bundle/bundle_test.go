package bundle_test

import (
	"context"
	"testing"

	"github.com/annexhost/annex/runtime/bundle"
	"github.com/dop251/goja"
	"github.com/dop251/goja/parser"
)

// tree is a package in memory.
type tree map[string]string

func (t tree) read(name string) ([]byte, bool) {
	text, ok := t[name]
	return []byte(text), ok
}

func (t tree) build(entry string) (bundle.Output, error) {
	return bundle.Build(context.Background(), bundle.Input{Read: t.read, Entry: entry})
}

// call runs a bundle as an engine does and returns what its handler returned,
// or what the promise of it was resolved with.
func call(t *testing.T, out bundle.Output) (string, error) {
	t.Helper()
	vm := goja.New()
	vm.SetParserOptions(parser.WithDisableSourceMaps)
	code := "(function(module, exports) {" + string(out.Code) + "\n})"
	outer, err := vm.RunScript("bundle.js", code)
	if err != nil {
		t.Fatalf("goja does not run the bundle: %v\n%s", err, out.Code)
	}
	module := vm.NewObject()
	_ = module.Set("exports", vm.NewObject())
	run, _ := goja.AssertFunction(outer)
	if _, err := run(goja.Undefined(), module, module.Get("exports")); err != nil {
		return "", err
	}
	exported := module.Get("exports")
	handler, ok := goja.AssertFunction(exported)
	if !ok {
		handler, ok = goja.AssertFunction(exported.ToObject(vm).Get("default"))
	}
	if !ok {
		t.Fatalf("the bundle exports no function but %v\n%s", exported, out.Code)
	}
	result, err := handler(goja.Undefined())
	if err != nil {
		return "", err
	}
	if p, ok := result.Export().(*goja.Promise); ok {
		switch p.State() {
		case goja.PromiseStateFulfilled:
			return p.Result().String(), nil
		case goja.PromiseStateRejected:
			return "rejected: " + p.Result().String(), nil
		default:
			return "pending", nil
		}
	}
	return result.String(), nil
}

func TestFormsOfHandler(t *testing.T) {
	for _, c := range []struct{ rule, file, text string }{
		{"default export of a function", "a.js", "export default async function handler(api) { return 'ok' }"},
		{"default export without a name", "a.js", "export default () => 'ok'"},
		{"default export in a list", "a.js", "const x = async () => 'ok'; export { x as default };"},
		{"default export and others", "a.js", "export const y = 1; export function handler() { return 'no' }; export default () => 'ok'"},
		{"export named handler", "a.js", "export const handler = () => 'ok'"},
		{"export renamed to handler", "a.js", "const h = () => 'ok'; export { h as handler }"},
		{"default export handed on", "a.js", "export { default } from './lib/h.js'"},
		{"names of CommonJS in an ES module", "a.js", "const exports = 'o'; function module() { return 'k' } export default () => exports + module()"},
		{"module.exports", "a.js", "module.exports = async (api) => 'ok'"},
		{"exports.default", "a.js", "exports.default = () => 'ok'"},
		{"exports.default of a compiled module", "a.js", "Object.defineProperty(exports, '__esModule', {value: true}); exports.default = () => 'ok'"},
		{"exports.handler", "a.js", "exports.handler = () => 'ok'"},
		{"module.exports = {handler}", "a.js", "function handler() { return 'ok' }; module.exports = { handler }"},
		{"bare function", "a.js", "async function handler(api) { return 'ok' }"},
		{"bare constant", "a.js", "const handler = async (api) => 'ok'"},
		{"bare function that imports", "a.js", "import { ok } from './lib/h.js'; function handler() { return ok }"},
		{"bare function in TypeScript", "a.ts", "async function handler(api: unknown): Promise<string> { return 'ok' }"},
		{"TypeScript with a default export", "a.ts", "enum E { A = 'ok' }\nexport default (api: unknown): string => E.A"},
		{"TypeScript export assignment", "a.ts", "function f(): string { return 'ok' }\nexport = f"},
	} {
		t.Run(c.rule, func(t *testing.T) {
			out, err := tree{c.file: c.text, "lib/h.js": "export const ok = 'ok'; export default () => ok"}.build(c.file)
			if err != nil {
				t.Fatal(err)
			}
			got, err := call(t, out)
			if err != nil {
				t.Fatal(err)
			}
			if got != "ok" {
				t.Errorf("the handler returned %q, want ok\n%s", got, out.Code)
			}
		})
	}
}
