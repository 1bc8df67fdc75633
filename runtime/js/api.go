package js

import (
	"fmt"
	"strings"

	"github.com/dop251/goja"

	"github.com/annexhost/annex/runtime/sandbox"
)

// apiTable is the shape of the api object, the same in all realms.
type apiTable struct {
	root    *apiNode
	methods map[string]*apiMethod // by full name
}

// apiNode is one object of the api: the api itself or a namespace.
type apiNode struct {
	path    string
	names   []string
	methods map[string]*apiMethod
	nodes   map[string]*apiNode
}

// apiMethod is a method with its wrapper compiled.
type apiMethod struct {
	sandbox.Method
	wrapper *goja.Program // nil: the author sees the plain method
}

// The members of the api object that are not methods.
const (
	memberRequest  = "request"
	memberUser     = "user"
	memberConfig   = "config"
	memberResponse = "response"
)

var ownMembers = []string{memberRequest, memberUser, memberConfig, memberResponse}

// newAPITable builds the table. Names must be dotted identifiers, each once,
// and none may be in the way of another.
func newAPITable(api sandbox.API) (*apiTable, error) {
	t := &apiTable{root: newAPINode(""), methods: map[string]*apiMethod{}}
	t.root.names = append(t.root.names, ownMembers...)
	for _, m := range api {
		method := &apiMethod{Method: m}
		if m.JS != "" {
			var err error
			if method.wrapper, err = compileOwn(m.Name, "("+m.JS+"\n)"); err != nil {
				return nil, err
			}
		}
		if err := t.add(method); err != nil {
			return nil, err
		}
	}
	return t, nil
}

func newAPINode(path string) *apiNode {
	return &apiNode{path: path, methods: map[string]*apiMethod{}, nodes: map[string]*apiNode{}}
}

func (t *apiTable) add(m *apiMethod) error {
	node := t.root
	parts := strings.Split(m.Name, ".")
	for i, part := range parts[:len(parts)-1] {
		next, ok := node.nodes[part]
		if !ok {
			if node.has(part) {
				return fmt.Errorf("method %s: %s is taken", m.Name, part)
			}
			next = newAPINode(strings.Join(parts[:i+1], "."))
			node.nodes[part] = next
			node.names = append(node.names, part)
		}
		node = next
	}
	last := parts[len(parts)-1]
	if last == "" || node.has(last) {
		return fmt.Errorf("method %q: the name is empty or taken", m.Name)
	}
	node.methods[last] = m
	node.names = append(node.names, last)
	t.methods[m.Name] = m
	return nil
}

func (n *apiNode) has(name string) bool {
	for _, other := range n.names {
		if other == name {
			return true
		}
	}
	return false
}

// makeAPI makes a member of the api object.
func (r *realm) makeAPI(name string) goja.Value {
	switch name {
	case memberRequest:
		return r.makeRequest()
	case memberUser:
		return r.inputMember(memberUser, goja.Null(), nil)
	case memberConfig:
		return r.makeConfig()
	case memberResponse:
		return newLazyObject(r.vm, responseNames, r.makeResponse)
	}
	return r.makeNode(r.program.engine.api.root, name)
}

// makeNode makes a member of a namespace.
func (r *realm) makeNode(node *apiNode, name string) goja.Value {
	if m, ok := node.methods[name]; ok {
		r.program.touched.add(m.Name)
		return r.makeMethod(m, name)
	}
	child := node.nodes[name]
	return newLazyObject(r.vm, child.names, func(name string) goja.Value { return r.makeNode(child, name) })
}

// makeMethod makes the function that the author calls.
func (r *realm) makeMethod(m *apiMethod, name string) goja.Value {
	plain := r.function(name, func(fc goja.FunctionCall) goja.Value { return r.callOut(m, fc.Arguments) })
	if m.wrapper == nil {
		return plain
	}
	made, err := r.vm.RunProgram(m.wrapper)
	if err != nil {
		panic(err)
	}
	wrap, _ := goja.AssertFunction(made)
	params := make([]any, len(m.Params))
	for i, p := range m.Params {
		params[i] = p
	}
	wrapped, err := wrap(goja.Undefined(), plain, r.vm.NewArray(params...))
	if err != nil {
		panic(err)
	}
	return wrapped
}

var responseNames = []string{"json", "error", "redirect"}

// makeResponse makes a member of api.response: functions that return plain
// objects and know nothing of the host.
func (r *realm) makeResponse(name string) goja.Value {
	member, status := "data", 200
	switch name {
	case "error":
		member, status = "message", 500
	case "redirect":
		member, status = "url", 302
	}
	return r.function(name, func(fc goja.FunctionCall) goja.Value {
		result := r.vm.CreateObject(nil)
		_ = result.Set("type", name)
		_ = result.Set(member, fc.Argument(0))
		if s := fc.Argument(1); goja.IsUndefined(s) {
			_ = result.Set("status", status)
		} else {
			_ = result.Set("status", s)
		}
		_ = result.SetPrototype(r.objectProto)
		return result
	})
}
