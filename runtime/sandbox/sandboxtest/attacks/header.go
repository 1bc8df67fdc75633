package attacks

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// header takes the lines of comments at the start of a file and returns the rest.
func (a *Attack) header(text string) (body string, err error) {
	for text != "" {
		line, rest, _ := strings.Cut(text, "\n")
		comment, ok := strings.CutPrefix(line, "//")
		if !ok {
			if comment, ok = strings.CutPrefix(line, ";;"); !ok {
				break
			}
		}
		key, value, ok := strings.Cut(comment, ":")
		if !ok {
			return "", fmt.Errorf("header line %q, want \"key: value\"", line)
		}
		if err := a.set(strings.TrimSpace(key), strings.TrimSpace(value)); err != nil {
			return "", err
		}
		text = rest
	}
	return text, nil
}

// set takes one line of a header.
func (a *Attack) set(key, value string) (err error) {
	switch key {
	case "class":
		a.Class = value
	case "engine":
		a.Engine = value
	case "tiers":
		a.Tiers, err = tiers(value)
	case "expect":
		for one := range strings.SplitSeq(value, " | ") {
			a.Expect = append(a.Expect, strings.TrimSpace(one))
		}
	case "ci":
		a.CI = value == "yes"
	case "wall":
		a.Limits.Wall, err = time.ParseDuration(value)
	case "cpu":
		a.Limits.CPU, err = time.ParseDuration(value)
	case "memory":
		a.Limits.Memory, err = mebibytes(value)
	case "calls":
		a.Limits.Calls, err = strconv.Atoi(value)
	case "times":
		a.Times, err = strconv.Atoi(value)
	case "grants":
		a.Grants = strings.Fields(value)
	case "export":
		a.Export = value
	case "note":
		a.Note = strings.TrimSpace(a.Note + " " + value)
	default:
		return fmt.Errorf("header has the unknown key %q", key)
	}
	if err != nil {
		return fmt.Errorf("header, %s: %w", key, err)
	}
	return nil
}

func tiers(value string) ([]string, error) {
	switch value {
	case "both":
		return []string{Process, InProcess}, nil
	case Process, InProcess:
		return []string{value}, nil
	}
	return nil, fmt.Errorf("%q, want process, inprocess or both", value)
}

func mebibytes(value string) (int64, error) {
	number, ok := strings.CutSuffix(value, "MiB")
	n, err := strconv.ParseInt(number, 10, 32)
	if !ok || err != nil {
		return 0, fmt.Errorf("%q, want a number of MiB such as 64MiB", value)
	}
	return n << 20, nil
}

// repeated is «text×n» in a JavaScript file.
var repeated = regexp.MustCompile(`«([^«»×]+)×([0-9]+)»`)

// maxCode bounds what a file may become: more than any engine takes.
const maxCode = 16 << 20

// expand writes out what is repeated.
func expand(body string) ([]byte, error) {
	size := len(body)
	for _, m := range repeated.FindAllStringSubmatch(body, -1) {
		n, err := strconv.Atoi(m[2])
		if err != nil || n > maxCode {
			return nil, fmt.Errorf("%.40s: want a count up to %d", m[0], maxCode)
		}
		size += n * len(m[1])
	}
	if size > maxCode {
		return nil, fmt.Errorf("the file becomes %d bytes, want at most %d", size, maxCode)
	}
	return slices.Clip(repeated.ReplaceAllFunc([]byte(body), func(found []byte) []byte {
		m := repeated.FindSubmatch(found)
		n, _ := strconv.Atoi(string(m[2])) // checked above
		return []byte(strings.Repeat(string(m[1]), n))
	})), nil
}
