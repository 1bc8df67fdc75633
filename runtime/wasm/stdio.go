package wasm

import (
	"bytes"
	"encoding/binary"
	"strings"
)

// line is what was written to standard output or error since the last line end.
type line struct{ text []byte }

// maxLine is where a line is cut.
const maxLine = 8 << 10

// fdWrite writes lines to the log.
func fdWrite(in *instance, m memory, a []uint64) uint64 {
	fd := uint32(a[0])
	if fd != 1 && fd != 2 {
		return errnoBadF
	}
	const most = 1024
	vectors, count := uint32(a[1]), uint32(a[2])
	if count > most {
		return errnoInval
	}
	list, ok := m.Read(vectors, 8*count)
	if !ok {
		return errnoFault
	}
	written := uint32(0)
	for i := range int(count) {
		at, n := binary.LittleEndian.Uint32(list[8*i:]), binary.LittleEndian.Uint32(list[8*i+4:])
		data, ok := m.Read(at, n)
		if !ok {
			return errnoFault
		}
		in.print(int(fd), data)
		written += n
	}
	in.check(in.Context)
	if !put32(m, a[3], written) {
		return errnoFault
	}
	return errnoSuccess
}

// print takes text for standard output (1) or error (2).
func (in *instance) print(fd int, data []byte) {
	l := &in.lines[fd-1]
	for len(data) > 0 {
		part, _, ended := bytes.Cut(data[:min(len(data), maxLine)], []byte("\n"))
		l.text = append(l.text, part...)
		data = data[len(part):]
		if ended {
			data = data[1:]
		}
		if ended || len(l.text) >= maxLine {
			in.writeLine(fd)
		}
	}
}

// writeLine logs what was written.
func (in *instance) writeLine(fd int) {
	l := &in.lines[fd-1]
	said := text(l.text)
	l.text = l.text[:0]
	method := "log.info"
	if fd == 2 {
		method = "log.error"
		for _, mark := range []string{"panic: ", "fatal error: "} { // of Go
			if strings.HasPrefix(said, mark) && in.fatal == "" {
				in.fatal = said[:min(len(said), 1000)]
			}
		}
	}
	in.log(method, said)
}

// flush logs lines that have not ended. The guest has: nothing can stop it here.
func (in *instance) flush() {
	defer func() {
		if x := recover(); x != nil {
			if _, ok := x.(*stop); !ok {
				panic(x)
			}
		}
	}()
	for fd := 1; fd <= 2; fd++ {
		if len(in.lines[fd-1].text) > 0 {
			in.writeLine(fd)
		}
	}
}
