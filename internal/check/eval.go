package check

import (
	"reflect"

	"github.com/dop251/goja/ast"
	"github.com/dop251/goja/file"
	"github.com/dop251/goja/token"
)

// eval is what an expression may be. Statements, and expressions of which
// nothing is known, are gone through for what is in them.
func (a *analysis) eval(n ast.Node, sc *scope) set {
	switch n := n.(type) {
	case *ast.Identifier:
		return sc.lookup(string(n.Name))
	case *ast.StringLiteral:
		return text(string(n.Value))
	case *ast.TemplateLiteral:
		return a.template(n, sc)
	case *ast.DotExpression:
		return a.member(a.eval(n.Left, sc), string(n.Identifier.Name), n.Identifier.Idx)
	case *ast.PrivateDotExpression:
		return union(a.fields["#"+string(n.Identifier.Name)])
	case *ast.BracketExpression:
		return a.bracket(n, sc)
	case *ast.OptionalChain:
		return a.eval(n.Expression, sc)
	case *ast.Optional:
		return a.eval(n.Expression, sc)
	case *ast.AwaitExpression:
		return a.eval(n.Argument, sc)
	case *ast.CallExpression:
		return a.callExpression(n.Callee, n.ArgumentList, n.Callee.Idx0(), sc)
	case *ast.NewExpression:
		return a.construct(n, sc)
	case *ast.AssignExpression:
		values := a.eval(n.Right, sc)
		a.assign(n.Left, values, sc)
		return values
	case *ast.BinaryExpression:
		return a.binary(n, sc)
	case *ast.ConditionalExpression:
		a.eval(n.Test, sc)
		return union(a.eval(n.Consequent, sc), a.eval(n.Alternate, sc))
	case *ast.SequenceExpression:
		var last set
		for _, e := range n.Sequence {
			last = a.eval(e, sc)
		}
		return last
	case *ast.ObjectLiteral:
		a.object(n, sc)
		return nil
	case *ast.FunctionLiteral:
		return a.function(n, n.ParameterList, n.Body, sc)
	case *ast.ArrowFunctionLiteral:
		return a.function(n, n.ParameterList, n.Body, sc)
	case *ast.ClassLiteral:
		return a.class(n, sc)
	case *ast.SuperExpression:
		if len(a.supers) > 0 {
			return a.supers[len(a.supers)-1]
		}
		return nil
	}
	return a.statement(n, sc)
}

// statement goes through what binds names, and through everything else by its parts.
func (a *analysis) statement(n ast.Node, sc *scope) set {
	switch n := n.(type) {
	case *ast.FunctionDeclaration:
		value := a.eval(n.Function, sc)
		if n.Function.Name != nil {
			a.declare(sc, string(n.Function.Name.Name), value)
		}
	case *ast.ClassDeclaration:
		value := a.eval(n.Class, sc)
		if n.Class.Name != nil {
			a.declare(sc, string(n.Class.Name.Name), value)
		}
	case *ast.Binding:
		var values set
		if n.Initializer != nil {
			values = a.eval(n.Initializer, sc)
		}
		a.bind(n.Target, values, sc)
	case *ast.ForDeclaration:
		a.bind(n.Target, nil, sc)
	case *ast.CatchStatement:
		if n.Parameter != nil {
			a.bind(n.Parameter, nil, sc)
		}
		a.eval(n.Body, sc)
	case *ast.ReturnStatement:
		if n.Argument != nil {
			a.returns(a.eval(n.Argument, sc))
		}
	case *ast.ExpressionBody:
		a.returns(a.eval(n.Expression, sc))
	default:
		a.parts(reflect.ValueOf(n), sc)
	}
	return nil
}

func (a *analysis) returns(values set) {
	if a.within != nil {
		a.grow(a.within.result, values)
	}
}

var nodeType = reflect.TypeFor[ast.Node]()

// parts looks at every node that is directly in v.
func (a *analysis) parts(v reflect.Value, sc *scope) {
	for v.Kind() == reflect.Pointer || v.Kind() == reflect.Interface {
		if v.IsNil() {
			return
		}
		v = v.Elem()
	}
	if v.Kind() != reflect.Struct {
		return
	}
	for i := range v.NumField() {
		if v.Type().Field(i).Name != "DeclarationList" { // names that stand elsewhere too
			a.part(v.Field(i), sc)
		}
	}
}

func (a *analysis) part(v reflect.Value, sc *scope) {
	switch {
	case v.Kind() == reflect.Slice:
		for i := range v.Len() {
			a.part(v.Index(i), sc)
		}
	case (v.Kind() == reflect.Pointer || v.Kind() == reflect.Interface) && v.IsNil():
	case v.Type().Implements(nodeType):
		a.eval(v.Interface().(ast.Node), sc)
	case v.Kind() == reflect.Struct && v.CanAddr() && v.Addr().Type().Implements(nodeType):
		a.eval(v.Addr().Interface().(ast.Node), sc)
	}
}

// bind gives values to what declares names.
func (a *analysis) bind(target ast.Node, values set, sc *scope) {
	if id, ok := target.(*ast.Identifier); ok {
		a.declare(sc, string(id.Name), values)
		return
	}
	a.take(target, values, sc, a.bind)
}

// assign gives values to what stands before an equals sign.
func (a *analysis) assign(target ast.Node, values set, sc *scope) {
	switch t := target.(type) {
	case *ast.Identifier:
		if v := sc.lookup(string(t.Name)); v != nil {
			a.grow(v, values)
		}
	case *ast.DotExpression:
		a.eval(t.Left, sc)
		a.grow(a.field(string(t.Identifier.Name)), values)
	case *ast.PrivateDotExpression:
		a.grow(a.field("#"+string(t.Identifier.Name)), values)
	case *ast.BracketExpression:
		a.eval(t.Left, sc)
		for v := range a.eval(t.Member, sc) {
			if v.kind == isText {
				a.grow(a.field(v.name), values)
				return
			}
		}
		if values.touchesAPI() {
			a.remark(t.LeftBracket, "api is kept under a computed name")
		}
	default:
		a.take(target, values, sc, a.assign)
	}
}

// take takes values apart by a pattern.
func (a *analysis) take(target ast.Node, values set, sc *scope, give func(ast.Node, set, *scope)) {
	switch t := target.(type) {
	case *ast.AssignExpression: // a default
		give(t.Left, union(values, a.eval(t.Right, sc)), sc)
	case *ast.ObjectPattern:
		for _, p := range t.Properties {
			switch p := p.(type) {
			case *ast.PropertyShort:
				found := a.member(values, string(p.Name.Name), p.Name.Idx)
				if p.Initializer != nil {
					found = union(found, a.eval(p.Initializer, sc))
				}
				give(&p.Name, found, sc)
			case *ast.PropertyKeyed:
				give(p.Value, a.keyed(values, p, sc), sc)
			}
		}
		if t.Rest != nil {
			give(t.Rest, values, sc) // what is left may be any of it
		}
	case *ast.ArrayPattern:
		for _, e := range t.Elements {
			if e != nil {
				give(e, nil, sc)
			}
		}
		if t.Rest != nil {
			give(t.Rest, nil, sc)
		}
	}
}

// keyed is the property that a pattern names.
func (a *analysis) keyed(values set, p *ast.PropertyKeyed, sc *scope) set {
	for key := range a.eval(p.Key, sc) {
		if key.kind == isText {
			return a.member(values, key.name, p.Key.Idx0())
		}
	}
	if values.touchesAPI() {
		a.remark(p.Key.Idx0(), "a member of api is taken by a computed name")
	}
	return nil
}

func (a *analysis) bracket(n *ast.BracketExpression, sc *scope) set {
	left, found := a.eval(n.Left, sc), set{}
	keys := a.eval(n.Member, sc).texts()
	for key := range keys {
		if key.kind == isText {
			found.add(a.member(left, key.name, n.LeftBracket))
		} else {
			keys = nil
		}
	}
	if len(keys) == 0 && left.touchesAPI() {
		a.remark(n.LeftBracket, "a member of api is taken by a computed name")
	}
	return found
}

func (a *analysis) template(n *ast.TemplateLiteral, sc *scope) set {
	if n.Tag != nil {
		a.parts(reflect.ValueOf(n), sc)
		return nil
	}
	result := text("")
	for i, e := range n.Elements {
		result = concat(result, text(string(e.Parsed)))
		if i < len(n.Expressions) {
			result = concat(result, a.eval(n.Expressions[i], sc))
		}
	}
	return result
}

func (a *analysis) binary(n *ast.BinaryExpression, sc *scope) set {
	left, right := a.eval(n.Left, sc), a.eval(n.Right, sc)
	switch n.Operator {
	case token.LOGICAL_AND:
		return right
	case token.LOGICAL_OR, token.COALESCE:
		return union(left, right)
	case token.PLUS:
		return concat(left, right)
	}
	return nil
}

// values are those of arguments. From a spread on nothing is known.
func (a *analysis) values(args []ast.Expression, sc *scope) []set {
	list := make([]set, len(args))
	for i, arg := range args {
		if spread, ok := arg.(*ast.SpreadElement); ok {
			a.eval(spread.Expression, sc)
			continue
		}
		list[i] = a.eval(arg, sc)
	}
	return list
}

// callExpression is a call, also by way of call, apply and bind.
func (a *analysis) callExpression(callee ast.Expression, args []ast.Expression, at file.Idx, sc *scope) set {
	target, values := a.eval(callee, sc), a.values(args, sc)
	if dot, ok := callee.(*ast.DotExpression); ok {
		at = dot.Identifier.Idx
		left := a.eval(dot.Left, sc)
		switch dot.Identifier.Name {
		case "call":
			return a.call(left, args[min(1, len(args)):], values[min(1, len(values)):], at)
		case "bind":
			return left
		case "apply":
			if left.touchesAPI() {
				return a.call(left, nil, nil, at)
			}
		}
	}
	return a.call(target, args, values, at)
}

// construct is new C(…). An address made by URL is its text.
func (a *analysis) construct(n *ast.NewExpression, sc *scope) set {
	values := a.values(n.ArgumentList, sc)
	if id, ok := n.Callee.(*ast.Identifier); ok && id.Name == "URL" && sc.lookup("URL") == nil {
		switch {
		case len(values) == 1:
			return values[0].texts()
		case len(values) > 1:
			return concat(values[1], nil)
		}
	}
	a.call(a.eval(n.Callee, sc), n.ArgumentList, values, n.New)
	return nil
}

func (a *analysis) object(n *ast.ObjectLiteral, sc *scope) {
	for _, p := range n.Value {
		switch p := p.(type) {
		case *ast.PropertyShort:
			a.grow(a.field(string(p.Name.Name)), a.eval(&p.Name, sc))
		case *ast.PropertyKeyed:
			value := a.eval(p.Value, sc)
			for key := range a.eval(p.Key, sc) {
				if key.kind == isText && !p.Computed || key.kind == isText {
					a.keep(key.name, p.Kind == ast.PropertyKindGet, value)
				}
			}
			if id, ok := p.Key.(*ast.Identifier); ok && !p.Computed {
				a.keep(string(id.Name), p.Kind == ast.PropertyKindGet, value)
			}
		case *ast.SpreadElement:
			if a.eval(p.Expression, sc).touchesAPI() {
				a.remark(p.Idx0(), "api is copied into another object")
			}
		}
	}
}

// keep notes a property; of a getter what it returns.
func (a *analysis) keep(name string, getter bool, value set) {
	if !getter {
		a.grow(a.field(name), value)
		return
	}
	for v := range value {
		if v.kind == isFunc {
			a.grow(a.field(name), v.fn.result)
		}
	}
}

// function goes through the body of a function, with what its callers gave.
func (a *analysis) function(n ast.Node, params *ast.ParameterList, body ast.Node, sc *scope) set {
	f := a.funcs[n]
	if f == nil {
		f = &function{result: set{}}
		a.funcs[n] = f
		a.scopes[n] = &scope{parent: sc, vars: map[string]set{}}
	}
	inner, outer := a.scopes[n], a.within
	a.within = f
	for i, p := range params.List {
		values := union(f.arg(i))
		if p.Initializer != nil {
			values.add(a.eval(p.Initializer, inner))
		}
		a.bind(p.Target, values, inner)
	}
	if params.Rest != nil {
		a.bind(params.Rest, nil, inner)
		for i := len(params.List); i < len(f.args); i++ {
			if f.args[i].touchesAPI() {
				a.remark(params.Rest.Idx0(), "api is one of any number of arguments")
			}
		}
	}
	a.eval(body, inner)
	a.within = outer
	return one(atom{kind: isFunc, fn: f})
}

// class is its constructor. Methods and fields are properties.
func (a *analysis) class(n *ast.ClassLiteral, sc *scope) set {
	var super set
	if n.SuperClass != nil {
		super = a.eval(n.SuperClass, sc)
	}
	a.supers = append(a.supers, super)
	defer func() { a.supers = a.supers[:len(a.supers)-1] }()
	constructor := super
	for _, e := range n.Body {
		switch e := e.(type) {
		case *ast.MethodDefinition:
			value := a.eval(e.Body, sc)
			name := keyName(e.Key)
			if name == "constructor" {
				constructor = value
				continue
			}
			a.keep(name, e.Kind == ast.PropertyKindGet, value)
		case *ast.FieldDefinition:
			if e.Initializer != nil {
				a.keep(keyName(e.Key), false, a.eval(e.Initializer, sc))
			}
		default:
			a.eval(e, sc)
		}
	}
	return constructor
}

func keyName(key ast.Expression) string {
	switch k := key.(type) {
	case *ast.Identifier:
		return string(k.Name)
	case *ast.StringLiteral:
		return string(k.Value)
	case *ast.PrivateIdentifier:
		return "#" + string(k.Name)
	}
	return ""
}
