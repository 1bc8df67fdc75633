package wasm

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/annexhost/annex/runtime/sandbox"
)

// maxErrorText is how much of what a guest says of an error is kept.
const maxErrorText = 32 << 10

// result is what the guest has set as its output.
func (in *instance) result() (sandbox.Payload, *sandbox.Error) {
	offset, length := in.register(regOutputOffset), in.register(regOutputLength)
	if length == 0 {
		return sandbox.Payload{}, nil
	}
	size := int64(0)
	for _, b := range in.attach {
		size += int64(len(b))
	}
	if limit := in.limits.OutputBytes; limit > 0 && (length > uint64(limit) || int64(length)+size > limit) {
		return sandbox.Payload{}, &sandbox.Error{Code: sandbox.Exhausted, Reason: sandbox.ReasonOutput,
			Message: fmt.Sprintf("the result is too large: %d bytes (max %d)", int64(length)+size, limit)}
	}
	if offset > 1<<32 || length > 1<<32 {
		return sandbox.Payload{}, in.badOutput()
	}
	data, ok := in.kernel.memory.wasm.Read(uint32(offset), uint32(length))
	if !ok {
		return sandbox.Payload{}, in.badOutput()
	}
	data = bytes.Clone(data)
	if in.engine.config.raw || json.Valid(data) {
		return sandbox.Payload{JSON: data, Blobs: in.attach}, nil
	}
	// Not JSON: the bytes are the answer.
	kind := "application/octet-stream"
	if utf8.Valid(data) {
		kind = "text/plain; charset=utf-8"
	}
	answer := `{"type":"annex.response","status":200,"headers":[["content-type","` + kind + `"]],"body":{"$blob":0}}`
	return sandbox.Payload{JSON: []byte(answer), Blobs: [][]byte{data}}, nil
}

func (in *instance) badOutput() *sandbox.Error {
	return &sandbox.Error{Code: sandbox.Thrown, Name: "RangeError", Message: "the output is outside of the memory", Stack: in.program.frame(in.program.export)}
}

// errorText is what the guest has set as its error.
func (in *instance) errorText() (string, bool) {
	block := in.register(regError)
	if block == 0 {
		return "", false
	}
	data, ok := in.block(block)
	if !ok {
		return "an error that cannot be read", true
	}
	return text(data), true
}

// text makes bytes of a guest a text that is not too long.
func text(data []byte) string {
	return strings.ToValidUTF8(string(data[:min(len(data), maxErrorText)]), "\ufffd")
}

// thrown is the error of a guest that has said what is wrong: in words, or as
// JSON of an error.
func (in *instance) thrown(said string) *sandbox.Error {
	e := &sandbox.Error{Code: sandbox.Thrown, Name: "Error", Message: said, Stack: in.program.frame(in.program.export)}
	if !strings.HasPrefix(said, "{") {
		return e
	}
	var detail struct{ Name, Message, Permission, Stack *string }
	if err := json.Unmarshal([]byte(said), &detail); err != nil || detail.Message == nil {
		return e
	}
	e.Message = *detail.Message
	for field, value := range map[*string]*string{&e.Name: detail.Name, &e.Permission: detail.Permission} {
		if value != nil && len(*value) <= 200 {
			*field = *value
		}
	}
	if detail.Stack != nil && *detail.Stack != "" {
		e.Stack = *detail.Stack
	}
	return e
}

// gaveUp is the error of a guest that has ended with a code and no words, beside
// what its language's runtime may have printed.
func (in *instance) gaveUp(code uint32) *sandbox.Error {
	in.flush()
	if in.memory.refused {
		return memoryError()
	}
	message := fmt.Sprintf("the handler ended with code %d", int32(code))
	if in.fatal != "" {
		message += ": " + in.fatal
	}
	return &sandbox.Error{Code: sandbox.Thrown, Name: "ExitError", Message: message, Stack: in.program.frame(in.program.export)}
}

// trapped is the error of a guest that broke a rule of WebAssembly.
func (in *instance) trapped(err error) *sandbox.Error {
	in.flush()
	if in.memory.refused {
		return memoryError()
	}
	said := text([]byte(err.Error()))
	message, stack, _ := strings.Cut(said, "\nwasm stack trace:\n")
	message = strings.TrimPrefix(message, "wasm error: ")
	if message == "stack overflow" {
		return &sandbox.Error{Code: sandbox.Exhausted, Reason: sandbox.ReasonDepth, Message: "call depth limit exceeded"}
	}
	if strings.Contains(message, "recovered by wazero") {
		// A panic of ours: it is not the guest's to read.
		in.crashed(err)
		return &sandbox.Error{Code: sandbox.Internal, Message: "internal error"}
	}
	if in.fatal != "" {
		message += ": " + in.fatal
	}
	return &sandbox.Error{Code: sandbox.Thrown, Name: "RuntimeError", Message: message, Stack: in.program.frames(stack)}
}

// frame is a line of a stack trace.
func (p *program) frame(function string) string {
	return "    at " + function + " (" + p.source.Name + ")"
}

// frames makes a stack of wazero's one in the form of the others.
func (p *program) frames(stack string) string {
	const most = 50
	var lines []string
	for line := range strings.Lines(stack) {
		name, _, _ := strings.Cut(strings.TrimPrefix(strings.TrimSpace(line), "."), "(")
		if name != "" && len(lines) < most {
			lines = append(lines, p.frame(name))
		}
	}
	if len(lines) == 0 {
		return p.frame(p.export)
	}
	return strings.Join(lines, "\n")
}
