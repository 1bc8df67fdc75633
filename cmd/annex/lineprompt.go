package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"

	"github.com/annexhost/annex/runtime"
)

// linePrompt asks on a line of its own, again and again in one process, while
// other lines are printed. It reads the terminal all the time: what was typed
// before a question is no answer to it.
type linePrompt struct {
	in    *os.File
	begin sync.Once
	lines chan string
}

func newLinePrompt(in *os.File) *linePrompt {
	return &linePrompt{in: in, lines: make(chan string, 16)}
}

// read keeps the last lines for who asks.
func (p *linePrompt) read() {
	lines := bufio.NewScanner(p.in)
	for lines.Scan() {
		select {
		case p.lines <- lines.Text():
		default:
		}
	}
	close(p.lines)
}

// ask shows what is new and waits for a line: y or yes approves.
func (p *linePrompt) ask(ctx context.Context, out io.Writer, plan runtime.Plan) (bool, error) {
	p.begin.Do(func() { go p.read() })
	for typedAhead := true; typedAhead; {
		select {
		case _, typedAhead = <-p.lines:
		default:
			typedAhead = false
		}
	}
	var text strings.Builder
	fmt.Fprintf(&text, "%s %s will be able to:\n", plan.Manifest.ID, plan.Manifest.Version)
	printStatements(&text, plan.Added)
	text.WriteString("Approve? [y/N] ")
	fmt.Fprint(out, text.String())
	select {
	case line, ok := <-p.lines:
		answer := strings.ToLower(strings.TrimSpace(line))
		return ok && (answer == "y" || answer == "yes"), nil
	case <-ctx.Done():
		return false, deniedf("asking was interrupted; nothing was installed")
	}
}
