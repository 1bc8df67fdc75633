package attacks

import (
	"bytes"
	"strings"
	"testing"
)

func TestTheCorpus(t *testing.T) {
	all, err := All()
	if err != nil {
		t.Fatal(err)
	}
	count, classes, ci := map[string]int{}, map[string]bool{}, map[string]int{}
	for _, a := range all {
		count[a.Engine]++
		class := a.Engine + "/" + a.Class
		classes[class] = true
		if a.CI {
			ci[class]++
		}
		for _, e := range a.Expect {
			if word, _, _ := strings.Cut(e, " "); !outcomes[word] {
				t.Errorf("%s expects %q, which nothing ends as", a.Name, e)
			}
		}
	}
	for engine, least := range map[string]int{JavaScript: 200, Wasm: 60} {
		if count[engine] < least {
			t.Errorf("%d attacks for %s, want at least %d", count[engine], engine, least)
		}
	}
	often := 0
	for class := range classes {
		often += ci[class]
		if ci[class] == 0 {
			t.Errorf("no attack of class %s is run with every change", class)
		}
	}
	if often*10 < len(all) {
		t.Errorf("%d of %d attacks are run with every change, want a tenth", often, len(all))
	}
}

// outcomes are the words that an outcome begins with.
var outcomes = map[string]bool{
	"TIMEOUT": true, "MEMORY_EXCEEDED": true, "DEPTH_EXCEEDED": true, "LIMIT": true, "REFUSED": true, "DENIED": true,
	"THROWN": true, "INVALID": true, "INTERNAL": true, "value": true, "answer": true,
}

func TestParse(t *testing.T) {
	const header = "// class: loop\n// engine: js\n// tiers: both\n// expect: TIMEOUT | value 1\n"
	a, err := Parse("js/loop/x.js", header+"// memory: 8MiB\n// ci: yes\n\nreturn «ab×3»")
	if err != nil {
		t.Fatal(err)
	}
	if string(a.Code) != "\nreturn ababab" || a.Name != "js/loop/x" || !a.CI || a.Limits.Memory != 8<<20 || len(a.Tiers) != 2 {
		t.Errorf("got %+v, code %q", a, a.Code)
	}
	if !a.Expects("TIMEOUT") || !a.Expects("value 1") || a.Expects("value 12") || a.Expects("THROWN") {
		t.Errorf("expects the wrong outcomes: %q", a.Expect)
	}
	for rule, text := range map[string]string{
		"a key that does not exist":       header + "// clas: loop\n",
		"no expectation":                  "// class: loop\n// engine: js\n// tiers: both\n",
		"the class of another directory":  strings.Replace(header, "loop", "native", 1),
		"the engine of another directory": strings.Replace(header, ": js", ": wasm", 1),
		"a tier that does not exist":      strings.Replace(header, "both", "all", 1),
		"more than fits":                  header + "«x×99999999»",
	} {
		if _, err := Parse("js/loop/x.js", text); err == nil {
			t.Errorf("%s: was read", rule)
		}
	}
}

func TestAssemble(t *testing.T) {
	for text, want := range map[string]string{
		"":                                     "",
		"magic ;; loop":                        "\x00asm\x01\x00\x00\x00",
		"#300 #-1 #+64 #0xffffffff":            "\xac\x02\x7f\xc0\x00\xff\xff\xff\xff\x0f",
		`"ab" 'cd' 00ff`:                       "\x02abcd\x00\xff",
		"{ 01 02 } { }":                        "\x02\x01\x02\x00",
		"[ ] [ 05 ] [ 05 06 | 07 ]":            "\x00\x01\x05\x02\x05\x06\x07",
		"3 * ( 01 02 ) 2 * { 09 } 2 * 5 * nop": "\x01\x02\x01\x02\x01\x02\x01\x09\x01\x09" + strings.Repeat("\x01", 10),
		"types { [ func [ i32 | i64 ] [ ] ] }": "\x01\x06\x01\x60\x02\x7f\x7e\x00",
	} {
		if got, err := Assemble(text); err != nil || !bytes.Equal(got, []byte(want)) {
			t.Errorf("%s: got %x, %v, want %x", text, got, err, want)
		}
	}
	for _, text := range []string{"{ 01", "01 }", "[ 01", "( 01", "loops", "#x", "0", "3 *", "99999999 * 0102"} {
		if got, err := Assemble(text); err == nil {
			t.Errorf("%s: got %x, want an error", text, got)
		}
	}
}
