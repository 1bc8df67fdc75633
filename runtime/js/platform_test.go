package js_test

import (
	"os"
	"strings"
	"testing"

	"github.com/annexhost/annex/runtime/sandbox"
)

// fact is an expression and the JSON of its value; what it throws has the form
// "Name: message".
type fact struct{ expression, want string }

// facts reads a table of testdata: an expression, and below it, after "=> ", what
// it is; "#" starts a comment.
func facts(t *testing.T, file string) []fact {
	t.Helper()
	text, err := os.ReadFile("testdata/" + file)
	if err != nil {
		t.Fatal(err)
	}
	var table []fact
	var expression []string
	for line := range strings.Lines(string(text)) {
		line = strings.TrimRight(line, "\n")
		want, isWant := strings.CutPrefix(line, "=> ")
		switch {
		case isWant:
			table = append(table, fact{strings.Join(expression, "\n"), want})
			expression = nil
		case line != "" && !strings.HasPrefix(line, "#"):
			expression = append(expression, line)
		}
	}
	return table
}

// TestPlatform checks the globals against what the standards say. The tables
// were compared with Node 20.
func TestPlatform(t *testing.T) {
	for _, name := range []string{"url", "urlsearchparams", "text", "base64", "clone", "abort", "crypto", "headers", "response", "globals"} {
		t.Run(name, func(t *testing.T) {
			table := facts(t, name+".facts")
			if len(table) == 0 {
				t.Fatal("the table is empty")
			}
			for _, f := range table {
				out, err := run(t, factBody(f.expression), sandbox.Invocation{}, echo)
				if err != nil {
					t.Errorf("%s\nfailed: %v", f.expression, err)
				} else if got := string(out.Result.JSON); got != f.want {
					t.Errorf("%s\ngot  %s\nwant %s", f.expression, got, f.want)
				}
			}
		})
	}
}

func factBody(expression string) string {
	return `module.exports = async () => {
  try {
    const value = await (` + expression + `);
    return value === undefined ? "undefined" : value;
  } catch (error) {
    return error.name + ": " + error.message;
  }
}`
}
