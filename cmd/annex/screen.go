package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/annexhost/annex/runtime"
	"github.com/annexhost/annex/runtime/bundle"
	"github.com/annexhost/annex/runtime/httpapi"
	"github.com/annexhost/annex/runtime/sandbox"
)

// screen is where annex dev tells the author what happens: whole blocks, one
// after the other.
type screen struct {
	mu sync.Mutex
	w  io.Writer
}

// say prints a line with the time before it.
func (s *screen) say(format string, args ...any) {
	s.block(time.Now().Format("15:04:05") + " " + fmt.Sprintf(format, args...) + "\n")
}

func (s *screen) block(text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, _ = io.WriteString(s.w, text) // a terminal that is gone is no reason to stop serving
}

// log prints what a handler logged: level, request, text.
func (s *screen) log(l runtime.LogLine) {
	fields := ""
	if len(l.Fields) > 0 {
		fields = " " + printable(string(l.Fields))
	}
	s.say("%-5s [%s] %s%s", l.Level, l.Invocation, printable(l.Message), fields)
}

// request prints how a request was answered.
func (s *screen) request(call runtime.Call, reply runtime.Reply, failed error) {
	what := call.Method + " " + printable(call.Extension+"/"+call.Path)
	took := reply.Ledger.Wall.Round(100 * time.Microsecond)
	if failed == nil {
		s.say("%d %s %s [%s]", reply.Status, what, took, call.ID)
		return
	}
	answer, e := httpapi.Outcome(failed), sandbox.AsError(failed)
	text := e.Message
	if strings.Contains(e.Stack, text) {
		text = strings.TrimRight(e.Stack, "\n")
	}
	s.say("%d %s %s %s [%s]\n%s", answer.Status, what, answer.Error, took, call.ID, indent(printable(text)))
}

// problem prints why something was not loaded, with the lines around the place.
func (s *screen) problem(dir string, err error) {
	problems := problemsOf(err)
	if len(problems) == 0 {
		s.say("%s: not loaded: %s", dir, printable(err.Error()))
		return
	}
	s.say("%s: not loaded:\n%s", dir, framed(dir, problems))
}

// problemsOf returns what is wrong in sources, and where.
func problemsOf(err error) []runtime.Problem {
	var bundled *runtime.SourceError
	if errors.As(err, &bundled) {
		return bundled.Problems
	}
	var built *bundle.Errors
	if errors.As(err, &built) {
		return built.Messages
	}
	return nil
}

// framed is a list of problems, each with the lines around its place.
func framed(dir string, problems []runtime.Problem) string {
	var b strings.Builder
	for _, p := range problems {
		fmt.Fprintf(&b, "  %s\n", indent(printable(p.String()))[2:])
		b.WriteString(codeFrame(inDir(dir, p.File), p.Line, p.Column))
	}
	return strings.TrimRight(b.String(), "\n")
}

// difference prints what a changed manifest asks for more and less.
func (s *screen) difference(plan runtime.Plan) {
	var b strings.Builder
	for _, side := range []struct {
		sign string
		text []string
	}{{"+", lines(plan.Added.String())}, {"-", lines(plan.Removed.String())}} {
		for _, p := range side.text {
			fmt.Fprintf(&b, "\n  %s %s", side.sign, p)
		}
	}
	if b.Len() > 0 {
		s.say("%s %s asks for other permissions:%s", plan.Manifest.ID, plan.Manifest.Version, b.String())
	}
}

func lines(set string) []string {
	if set == "nothing" {
		return nil
	}
	return strings.Split(set, ", ")
}

// place is where an author's file appears in a stack.
var place = regexp.MustCompile(`([^\s()]+):(\d+):(\d+)`)

// stackFrame shows the first line of a stack that is in a directory.
func (s *screen) stackFrame(dir, stack string) bool {
	for _, found := range place.FindAllStringSubmatch(stack, 20) {
		line, _ := strconv.Atoi(found[2])
		column, _ := strconv.Atoi(found[3])
		if frame := codeFrame(inDir(dir, found[1]), line, column); frame != "" {
			s.block(frame)
			return true
		}
	}
	return false
}

// maxFrameSource is how large a file may be whose lines are shown.
const maxFrameSource = 4 << 20

// codeFrame shows the lines around a place in a file, and points at it. It is
// empty when the file does not have the place.
func codeFrame(name string, line, column int) string {
	info, err := os.Stat(name)
	if name == "" || line < 1 || err != nil || !info.Mode().IsRegular() || info.Size() > maxFrameSource {
		return ""
	}
	data, err := os.ReadFile(name)
	if err != nil {
		return ""
	}
	all := bytes.Split(data, []byte("\n"))
	if line > len(all) {
		return ""
	}
	var b strings.Builder
	for n := max(1, line-2); n <= min(len(all), line+2); n++ {
		mark := " "
		if n == line {
			mark = ">"
		}
		text := strings.TrimRight(string(all[n-1]), "\r")
		fmt.Fprintf(&b, "  %s %4d | %s\n", mark, n, printable(cut(text)))
		if n == line && column > 0 && column <= maxFrameLine {
			fmt.Fprintf(&b, "         | %s^\n", blank(text, column-1))
		}
	}
	return b.String()
}

// maxFrameLine is how many bytes of a line are shown.
const maxFrameLine = 200

func cut(line string) string {
	if len(line) <= maxFrameLine {
		return line
	}
	return strings.ToValidUTF8(line[:maxFrameLine], "") + "…"
}

// blank is as wide as the first n characters of line.
func blank(line string, n int) string {
	var b strings.Builder
	for i, r := range []rune(line) {
		if i == n {
			break
		}
		if r == '\t' {
			b.WriteByte('\t')
		} else {
			b.WriteByte(' ')
		}
	}
	return b.String()
}

func indent(text string) string { return "  " + strings.ReplaceAll(text, "\n", "\n  ") }
