package wasm

import (
	"bytes"
	"encoding/json"
	"strings"

	"github.com/annexhost/annex/runtime/sandbox"
)

// hostFunctions are the functions of extism:host/env that are not about memory.
var hostFunctions = []hostFunction{
	{"config_get", sigMap, func(in *instance, _ memory, stack []uint64) {
		// The key is not freed here: some kits do it themselves.
		key, ok := in.block(stack[0])
		if !ok {
			in.end(thrownBadHandle("the key of config_get"))
		}
		stack[0] = 0
		if len(key) > maxKey {
			return
		}
		if value, ok := in.settings()[string(key)]; ok {
			stack[0] = in.mustAlloc([]byte(value))
		}
	}},
	{"var_get", sigMap, func(in *instance, _ memory, stack []uint64) {
		stack[0] = in.mustAlloc(in.vars[string(in.take(stack[0], "the key of var_get", in.engine.config.Vars))])
	}},
	{"var_set", sigTake2, func(in *instance, _ memory, stack []uint64) { in.setVar(stack[0], stack[1]) }},
	{"http_request", sigMap2, func(in *instance, _ memory, stack []uint64) { stack[0] = in.httpRequest(stack[0], stack[1]) }},
	{"http_status_code", sigGet32, func(in *instance, _ memory, stack []uint64) { stack[0] = uint64(uint32(in.status)) }},
	{"http_headers", sigGet, func(in *instance, _ memory, stack []uint64) { stack[0] = in.mustAlloc(in.headers) }},
	logFunction("trace", "log.debug"),
	logFunction("debug", "log.debug"),
	logFunction("info", "log.info"),
	logFunction("warn", "log.warn"),
	logFunction("error", "log.error"),
	{"get_log_level", sigGet32, func(_ *instance, _ memory, stack []uint64) { stack[0] = 0 }}, // trace: the host decides what it keeps
}

// maxKey is how long the name of a setting can be.
const maxKey = 64 << 10

// take returns a copy of a block, and frees it. Of a block that is longer than
// most it is a byte more than most, which shows that: nobody copies what is
// refused. Most below zero is no limit.
func (in *instance) take(block uint64, what string, most int64) []byte {
	data, ok := in.block(block)
	if !ok && block != 0 {
		in.end(thrownBadHandle(what))
	}
	if most >= 0 && int64(len(data)) > most {
		data = data[:most+1]
	}
	in.worked(len(data))
	data = bytes.Clone(data)
	in.free(block)
	return data
}

func thrownBadHandle(what string) *sandbox.Error {
	e := badHandle(what)
	e.Code = sandbox.Thrown
	return e
}

// settings are the installation's configuration as texts: what is not a text is
// its JSON.
func (in *instance) settings() map[string]string {
	if in.config != nil {
		return in.config
	}
	in.config = map[string]string{}
	if in.loading {
		in.program.personal.Store(true)
	}
	var input struct{ Config map[string]json.RawMessage }
	_ = json.Unmarshal(in.input.JSON, &input) // what is no configuration has no settings
	for key, value := range input.Config {
		var s string
		if json.Unmarshal(value, &s) != nil {
			s = string(value)
		}
		in.config[key] = s
	}
	return in.config
}

// setVar sets a variable of the invocation.
func (in *instance) setVar(keyBlock, valueBlock uint64) {
	const overhead = 40 // of each, as other hosts count
	limit := in.engine.config.Vars
	if limit < 0 {
		in.end(&sandbox.Error{Code: sandbox.Thrown, Name: "Error", Message: "Vars are disabled by this host"})
	}
	key := string(in.take(keyBlock, "the key of var_set", limit))
	size := in.varSize
	if old, ok := in.vars[key]; ok {
		size -= int64(overhead + len(key) + len(old))
	}
	if valueBlock == 0 {
		delete(in.vars, key)
		in.varSize = size
		return
	}
	value := in.take(valueBlock, "the value of var_set", limit)
	if size += int64(overhead + len(key) + len(value)); size > limit {
		in.end(&sandbox.Error{Code: sandbox.Exhausted, Reason: sandbox.ReasonQuota, Message: "Variable store is full"})
	}
	if in.vars == nil {
		in.vars = map[string][]byte{}
	}
	in.vars[key], in.varSize = value, size
}

// logFunction writes to the log by a method of the bridge.
func logFunction(level, method string) hostFunction {
	return hostFunction{"log_" + level, sigTake, func(in *instance, _ memory, stack []uint64) {
		in.log(method, text(in.take(stack[0], "the message of log_"+level, maxErrorText)))
	}}
}

// log writes a line. One too many ends the invocation, since the guest cannot
// be told.
func (in *instance) log(method, message string) {
	if _, ok := in.engine.methods[method]; !ok {
		return
	}
	args, err := json.Marshal(map[string]string{"message": message})
	if err != nil {
		return
	}
	if _, failed := in.callOut(method, sandbox.Payload{JSON: args}); failed != nil && failed.Code == sandbox.Exhausted {
		in.end(failed)
	}
}

// httpRequest is http_request: it takes the way of http.fetch, with all that is
// checked there. What is refused ends the invocation, as the ABI has it.
func (in *instance) httpRequest(requestBlock, bodyBlock uint64) uint64 {
	const method = "http.fetch"
	in.status, in.headers = 0, nil
	var request struct {
		URL     string            `json:"url"`
		Method  string            `json:"method"`
		Headers map[string]string `json:"headers"`
	}
	limit := in.limits.ArgumentBytes
	asked := in.take(requestBlock, "the request of http_request", limit)
	if failed := in.tooLarge(method, int64(len(asked))); failed != nil {
		in.end(failed)
	}
	if err := json.Unmarshal(asked, &request); err != nil {
		in.end(&sandbox.Error{Code: sandbox.Thrown, Name: "TypeError", Message: "http_request: the request is not JSON of {url, method, headers}"})
	}
	args := map[string]any{"url": request.URL, "method": strings.ToUpper(request.Method)}
	if request.Method == "" {
		args["method"] = "GET"
	}
	fields := make([][2]string, 0, len(request.Headers))
	for name, value := range request.Headers {
		fields = append(fields, [2]string{name, value})
	}
	args["headers"] = fields
	payload := sandbox.Payload{}
	if bodyBlock != 0 {
		args["body"] = map[string]int{"$blob": 0}
		payload.Blobs = [][]byte{in.take(bodyBlock, "the body of http_request", limit)}
	}
	payload.JSON, _ = json.Marshal(args) // texts only: it cannot fail
	result, failed := in.callOut(method, payload)
	if failed != nil {
		message := failed.Message
		if failed.Code == sandbox.Denied {
			message = "HTTP request to '" + request.URL + "' is not allowed"
		}
		in.end(&sandbox.Error{Code: sandbox.Thrown, Name: failed.Name, Permission: failed.Permission, Message: message, Stack: in.program.frame(in.program.export)})
	}
	return in.httpAnswer(result)
}

// httpAnswer keeps status and headers, and returns the block of the body.
func (in *instance) httpAnswer(result sandbox.Payload) uint64 {
	var answer struct {
		Status  int32       `json:"status"`
		Headers [][2]string `json:"headers"`
	}
	if err := json.Unmarshal(result.JSON, &answer); err != nil {
		in.end(&sandbox.Error{Code: sandbox.Internal, Message: "internal error"})
	}
	in.status = answer.Status
	joined := map[string]string{}
	for _, f := range answer.Headers {
		name := strings.ToLower(f[0])
		if before, ok := joined[name]; ok {
			joined[name] = before + "," + f[1]
		} else {
			joined[name] = f[1]
		}
	}
	in.headers, _ = json.Marshal(joined)
	if len(result.Blobs) == 0 {
		return 0
	}
	return in.mustAlloc(result.Blobs[0])
}
