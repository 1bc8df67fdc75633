package check

import (
	"fmt"
	"maps"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/dop251/goja/ast"
	"github.com/dop251/goja/file"
	"github.com/go-sourcemap/sourcemap"

	"github.com/annexhost/annex/bridge"
	"github.com/annexhost/annex/permissions"
)

// place is where something stands in the author's files.
type place struct {
	File         string
	Line, Column int // from 1; 0 when it is not known
}

// usage is what the code of one side does, over all of its bundles.
type usage struct {
	side    permissions.Side
	methods map[string]place // by name, where first
	hosts   map[string]place
	anyHost []place          // requests to hosts that the code computes
	secrets bool             // secrets are sent with requests, or may be
	unknown map[string]place // members of api that do not exist
	open    map[place]string // what cannot be followed
	missing []string         // bundles in which no handler was found
	modules []module         // of WebAssembly
}

func newUsage(side permissions.Side) *usage {
	return &usage{
		side: side, methods: map[string]place{}, hosts: map[string]place{}, unknown: map[string]place{}, open: map[place]string{},
	}
}

// serverSurface is the api of handlers, from the one table.
func serverSurface() *surface {
	s := &surface{methods: map[string]bool{}, spaces: map[string]bool{}, others: map[string]bool{
		"request": true, "user": true, "config": true, "response": true,
	}, fetch: "http.fetch", closed: true}
	for _, m := range bridge.API() {
		s.add(m.Name)
	}
	return s
}

// clientSurface is what the permissions of the client guard.
func clientSurface() *surface {
	s := &surface{methods: map[string]bool{}, spaces: map[string]bool{}, fetch: "fetch"}
	for _, e := range permissions.All() {
		if e.Side == permissions.Client {
			for _, name := range e.Guards {
				s.add(name)
			}
		}
	}
	return s
}

func (s *surface) add(name string) {
	s.methods[name] = true
	if space, _, nested := strings.Cut(name, "."); nested {
		s.spaces[space] = true
	}
}

// look adds what a bundle does.
func (u *usage) look(name string, code, sourceMap []byte, api *surface, arg int) error {
	a, parsed, err := analyse(string(code), api, arg)
	if err != nil {
		return fmt.Errorf("%s: the bundle cannot be read: %w", name, err)
	}
	consumer, err := sourcemap.Parse("", sourceMap)
	if err != nil {
		return fmt.Errorf("%s: the source map cannot be read: %w", name, err)
	}
	where := func(at file.Idx) place {
		p := parsed.Position(int(at) - parsed.Base())
		source, _, line, column, ok := consumer.Source(p.Line, p.Column-1)
		if !ok {
			return place{File: name}
		}
		return place{source, line, column + 1}
	}
	if !a.hasHandler() {
		u.missing = append(u.missing, name)
	}
	for _, at := range sortedKeys(a.calls) {
		u.call(a.calls[at], api, where(at), strings.Contains(string(code), "{{secret:"))
	}
	for _, at := range sortedKeys(a.unknown) {
		note(u.unknown, a.unknown[at], where(at))
	}
	for _, at := range sortedKeys(a.remarks) {
		u.open[where(at)] = a.remarks[at]
	}
	return nil
}

func sortedKeys[V any](m map[file.Idx]V) []file.Idx { return slices.Sorted(maps.Keys(m)) }

func note(into map[string]place, what string, at place) {
	if _, known := into[what]; !known {
		into[what] = at
	}
}

func (u *usage) call(c call, api *surface, at place, secretText bool) {
	note(u.methods, c.method, at)
	if c.method != api.fetch {
		return
	}
	if secretText || len(c.args) > 1 && mayHave(c.args[1], "auth") {
		u.secrets = true
	}
	hosts, all := hostsOf(c.first)
	for _, host := range hosts {
		note(u.hosts, host, at)
	}
	if !all {
		u.anyHost = append(u.anyHost, at)
	}
}

// mayHave reports whether an object literal has a property, or is none.
func mayHave(e ast.Expression, name string) bool {
	o, ok := e.(*ast.ObjectLiteral)
	if !ok {
		return true
	}
	for _, p := range o.Value {
		switch p := p.(type) {
		case *ast.PropertyShort:
			if string(p.Name.Name) == name {
				return true
			}
		case *ast.PropertyKeyed:
			if p.Computed || keyName(p.Key) == name {
				return true
			}
		default:
			return true
		}
	}
	return false
}

// origin is the part of an address that has its host in full: what a prefix
// must have before the host can be told.
var origin = regexp.MustCompile(`^https?://[^/?#@\s]+[/?#]`)

// hostsOf returns the hosts of addresses. all is false when there may be others.
func hostsOf(addresses set) (hosts []string, all bool) {
	all = len(addresses) > 0
	for a := range addresses {
		known := a.name
		if a.kind == isPrefix {
			known = origin.FindString(a.name)
		}
		u, err := url.Parse(known)
		host := ""
		if err == nil && (u.Scheme == "http" || u.Scheme == "https") {
			host, err = permissions.NormalizeHost(u.Hostname())
		}
		if err != nil || host == "" {
			all = false
			continue
		}
		hosts = append(hosts, host)
	}
	slices.Sort(hosts)
	return slices.Compact(hosts), all
}
