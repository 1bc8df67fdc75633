package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/term"
)

// errInterrupted is that a question found no answer.
var errInterrupted = errors.New("asking was interrupted")

// terminal returns standard input, if a person can be asked there.
func terminal(cmd *cobra.Command) (*os.File, bool) {
	in, isFile := cmd.InOrStdin().(*os.File)
	return in, isFile && term.IsTerminal(int(in.Fd()))
}

// prompt asks on lines of its own, again and again in one process, while other
// lines are printed. A nil lines says that nothing was read yet.
type prompt struct {
	in    io.Reader
	lines chan string
}

// start reads from now on: what is typed before a question is then no answer to it.
func (p *prompt) start() {
	if p.lines == nil {
		p.lines = make(chan string, 16)
		go p.read()
	}
}

// read keeps the lines for who asks, as many as there is room for.
func (p *prompt) read() {
	defer close(p.lines)
	lines := bufio.NewScanner(p.in)
	for lines.Scan() {
		select {
		case p.lines <- lines.Text():
		default:
		}
	}
}

// drop forgets what was typed before a question.
func (p *prompt) drop() {
	for {
		select {
		case _, ok := <-p.lines:
			if ok {
				continue
			}
		default:
		}
		return
	}
}

// confirm asks a question and waits for a line: y or yes is yes, and everything
// else no. The error is errInterrupted.
func (p *prompt) confirm(ctx context.Context, out io.Writer, question string) (bool, error) {
	if p.lines != nil {
		p.drop()
	}
	p.start()
	fmt.Fprint(out, question+" [y/N] ")
	select {
	case line, ok := <-p.lines:
		if !ok {
			return false, errInterrupted
		}
		answer := strings.ToLower(strings.TrimSpace(line))
		return answer == "y" || answer == "yes", nil
	case <-ctx.Done():
		return false, errInterrupted
	}
}

// askHidden asks for a line without showing what is typed.
func askHidden(in *os.File, out io.Writer, question string) (string, error) {
	fmt.Fprint(out, question+": ")
	text, err := term.ReadPassword(int(in.Fd()))
	fmt.Fprintln(out)
	if err != nil {
		return "", errInterrupted
	}
	return string(text), nil
}
