package exttest

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestStubMatches(t *testing.T) {
	for _, c := range []struct {
		pattern, method, url string
		want                 bool
	}{
		{"GET https://a.example/x", "GET", "https://a.example/x", true},
		{"GET https://a.example/x", "GET", "https://a.example/x/", false},
		{"GET https://a.example/x", "POST", "https://a.example/x", false},
		{"GET https://a.example/*", "GET", "https://a.example/", true},
		{"GET https://a.example/*/b", "GET", "https://a.example/1/2/b", true},
		{"GET https://a.example/*/b", "GET", "https://a.example/b", false},
		{"* https://a.example/*?q=*", "PUT", "https://a.example/x?q=", true},
		{"GET https://a.example/a*a", "GET", "https://a.example/a", false},
		{"GET *a*b*", "GET", "https://x/b/a", false},
	} {
		d := stubbed{pattern: c.pattern}
		if got := d.matches(request{Method: c.method, URL: c.url}); got != c.want {
			t.Errorf("%s for %s %s: %v", c.pattern, c.method, c.url, got)
		}
	}
}

func TestDifference(t *testing.T) {
	for _, c := range []struct{ expected, received, want string }{
		{"1", "2", "expected: 1\nreceived: 2"},
		{"", "", ""},
		{"{\n  a\n  b\n}", "{\n  a\n  c\n}", "- expected\n+ received\n\n  {\n    a\n-   b\n+   c\n  }\n"},
		{"[\n  1\n]", "[]", "- expected\n+ received\n\n- [\n-   1\n- ]\n+ []\n"},
	} {
		f := Failure{Expected: c.expected, Received: c.received}
		if got := f.Difference(); got != c.want {
			t.Errorf("%q and %q:\n%s\nwant\n%s", c.expected, c.received, got, c.want)
		}
	}
}

func TestLocate(t *testing.T) {
	f := Failure{Stack: "Error: x\n\tat check (annex-test-prelude.js:9:9(4))\n\tat server/a.test.ts:5:7(33)\n\tat async (native)\n    at f (server/b.ts:1:2)\n"}
	f.locate()
	if want := "Error: x\n    at server/a.test.ts:5:7\n    at f (server/b.ts:1:2)"; f.Stack != want || f.File != "server/a.test.ts" || f.Line != 5 || f.Column != 7 {
		t.Errorf("%q at %s:%d:%d, want %q", f.Stack, f.File, f.Line, f.Column, want)
	}
}

const extensionJSON = `{"id":"t.x","name":"X","version":"1.0.0","publisher":"t","license":"MIT","engines":{"blueplm":"^3.0.0"},
"serverMain":"h.js","activationEvents":["onStartup"],"contributes":{"apiRoutes":[{"method":"GET","path":"h","handler":"h.js"}]},"permissions":`

func runOne(t *testing.T, handler, test string) *Report {
	t.Helper()
	return runWith(t, `{}`, handler, test)
}

// runWith runs a test file against a handler that has permissions.
func runWith(t *testing.T, permissions, handler, test string) *Report {
	t.Helper()
	return runFor(t, 0, permissions, handler, test)
}

func runFor(t *testing.T, timeout time.Duration, permissions, handler, test string) *Report {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{"extension.json": extensionJSON + permissions + "}", "h.js": handler, "h.test.js": test} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	report, err := Run(context.Background(), Config{Dir: dir, Timeout: timeout})
	if err != nil {
		t.Fatal(err)
	}
	return report
}

// Chance and time are the same in every run, and in every test.
func TestRunsAreReproducible(t *testing.T) {
	const handler = `export default () => ({ id: crypto.randomUUID(), n: Math.random(), at: Date.now() })`
	const test = `for (const n of [1, 2]) test('t' + n, async () => { expect((await annex.invoke('GET h')).body).toEqual(null) })`
	first, second := runOne(t, handler, test), runOne(t, handler, test)
	received := map[string]bool{}
	for _, r := range []*Report{first, second} {
		for _, done := range r.Files[0].Tests {
			received[done.Failure.Received] = true
		}
	}
	if len(received) != 1 || first.Failed != 2 {
		t.Errorf("%d tests failed with %d values, want 2 with 1: %v", first.Failed, len(received), received)
	}
}

// Matchers hold and do not hold when they should.
func TestMatchers(t *testing.T) {
	for _, holds := range []string{
		"expect(NaN).toBe(NaN)", "expect(0).not.toBe(-0)", "expect({a:[1,{b:2}]}).toEqual({a:[1,{b:2}]})", "expect({a:1,u:undefined}).toEqual({a:1})",
		"expect({a:1,b:2}).toMatchObject({a:1})", "expect({a:1}).not.toEqual({a:1,b:2})", "expect([1,2]).toContain(2)", "expect('abc').toContain('b')",
		"expect([{a:1}]).toContain({a:1})", "expect('abc').toMatch(/^a/)", "expect([1]).toHaveLength(1)", "expect(() => { throw new Error('no') }).toThrow('no')",
		"expect(() => {}).not.toThrow()", "await expect(Promise.reject(new Error('x'))).rejects.toThrow(/x/)", "await expect(Promise.resolve(1)).resolves.toBe(1)",
		"expect(2).toBeGreaterThan(1)", "expect(1).toBeLessThan(2)", "expect(null).toBeNull()", "expect('').toBeFalsy()", "expect(new Date(5)).toEqual(new Date(5))",
		"expect(new Map([[1, 2]])).toEqual(new Map([[1, 2]]))", "const o = {}; o.o = o; const p = {}; p.p = p; p.o = p; expect(o).not.toEqual(p)",
		"expect([1,2]).not.toEqual([1])", "expect([]).not.toEqual({})", "expect(new Set([1])).not.toEqual(new Set([2]))",
	} {
		test := "test('holds', async () => { " + holds + " }); test('does not', async () => { " + inverted(holds) + " })"
		report := runOne(t, "export default () => 1", test)
		if tests := report.Files[0].Tests; tests[0].Outcome != Passed || tests[1].Outcome != Failed {
			t.Errorf("%s: %s, and its opposite %s (%+v)", holds, tests[0].Outcome, tests[1].Outcome, tests[0].Failure)
		}
	}
}

func inverted(assertion string) string {
	if i := strings.LastIndex(assertion, ".not."); i >= 0 {
		return assertion[:i] + assertion[i+len(".not"):]
	}
	i := strings.LastIndex(assertion, ".to")
	return assertion[:i] + ".not" + assertion[i:]
}
