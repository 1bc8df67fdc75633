package attacks

import (
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
)

// Assemble makes bytes of a text of words, which can say what no assembler of
// well-formed modules lets one say. A word is
//
//	00ff          bytes in hexadecimal
//	magic         the start of a module: its magic number and version
//	loop, call …  an instruction or a type by its name ([names])
//	#300          300 as an unsigned LEB128; #-1 as a signed one
//	"text"        a name: its length, then its bytes; no spaces in it
//	'text'        the bytes alone
//	{ … }         how many bytes there are inside, then these
//	[ … | … ]     how many parts there are, then these
//	5 * ( … )     five times what is inside; 5 * { … } and the like work as well
//
// and ";;" begins a comment up to the end of its line.
func Assemble(text string) ([]byte, error) {
	var words []string
	for line := range strings.Lines(text) {
		line, _, _ = strings.Cut(line, ";;")
		words = append(words, strings.Fields(line)...)
	}
	a := assembler{words: words}
	code, err := a.sequence("")
	if err != nil {
		return nil, fmt.Errorf("word %d: %w", a.at, err)
	}
	return code, nil
}

type assembler struct {
	words []string
	at    int
}

func (a *assembler) next() (string, bool) {
	if a.at == len(a.words) {
		return "", false
	}
	a.at++
	return a.words[a.at-1], true
}

// sequence reads words up to end; "" is the end of the text.
func (a *assembler) sequence(end string) ([]byte, error) {
	var code []byte
	for {
		word, ok := a.next()
		if !ok || word == end {
			if ok != (end != "") {
				return nil, fmt.Errorf("want %q", end)
			}
			return code, nil
		}
		part, err := a.word(word)
		if err != nil {
			return nil, err
		}
		if code = append(code, part...); len(code) > maxCode {
			return nil, fmt.Errorf("becomes more than %d bytes", maxCode)
		}
	}
}

func (a *assembler) word(word string) ([]byte, error) {
	switch {
	case word == "(":
		return a.sequence(")")
	case word == "{":
		inside, err := a.sequence("}")
		return append(unsigned(uint64(len(inside))), inside...), err
	case word == "[":
		return a.vector()
	case a.at < len(a.words) && a.words[a.at] == "*":
		return a.repeat(word)
	case strings.HasPrefix(word, "#"):
		return number(word[1:])
	case len(word) > 1 && word[0] == '"' && strings.HasSuffix(word, `"`):
		return append(unsigned(uint64(len(word)-2)), word[1:len(word)-1]...), nil
	case len(word) > 1 && word[0] == '\'' && strings.HasSuffix(word, "'"):
		return []byte(word[1 : len(word)-1]), nil
	}
	if code, ok := names[word]; ok {
		return []byte(code), nil
	}
	code, err := hex.DecodeString(word)
	if err != nil {
		return nil, fmt.Errorf("%q is no word of the assembler", word)
	}
	return code, nil
}

// vector reads parts up to "]", each ended by "|" or the end.
func (a *assembler) vector() ([]byte, error) {
	var code []byte
	count := uint64(0)
	for empty := true; ; empty = false {
		word, ok := a.next()
		if !ok {
			return nil, fmt.Errorf("want \"]\"")
		}
		if word == "]" && empty {
			return unsigned(0), nil
		}
		if word == "]" || word == "|" {
			count++
		}
		if word == "]" {
			return append(unsigned(count), code...), nil
		}
		if word == "|" {
			continue
		}
		part, err := a.word(word)
		if err != nil {
			return nil, err
		}
		code = append(code, part...)
	}
}

func (a *assembler) repeat(count string) ([]byte, error) {
	n, err := strconv.Atoi(count)
	if err != nil || n < 0 {
		return nil, fmt.Errorf("%q, want how many times", count)
	}
	a.at++ // the star
	word, ok := a.next()
	if !ok {
		return nil, fmt.Errorf("want what to repeat")
	}
	once, err := a.word(word)
	if err != nil || n*len(once) > maxCode {
		return nil, fmt.Errorf("%d times %d bytes, at most %d: %w", n, len(once), maxCode, err)
	}
	return []byte(strings.Repeat(string(once), n)), nil
}

func number(text string) ([]byte, error) {
	if strings.HasPrefix(text, "-") || strings.HasPrefix(text, "+") {
		n, err := strconv.ParseInt(text, 0, 64)
		return signed(n), err
	}
	n, err := strconv.ParseUint(text, 0, 64)
	return unsigned(n), err
}

func unsigned(n uint64) []byte {
	var code []byte
	for ; n >= 0x80; n >>= 7 {
		code = append(code, byte(n)|0x80)
	}
	return append(code, byte(n))
}

func signed(n int64) []byte {
	var code []byte
	for {
		low := byte(n & 0x7f)
		n >>= 7
		if n == 0 && low&0x40 == 0 || n == -1 && low&0x40 != 0 {
			return append(code, low)
		}
		code = append(code, low|0x80)
	}
}
