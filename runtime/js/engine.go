package js

import (
	"context"
	"fmt"
	"time"

	"github.com/dop251/goja"

	"github.com/annexhost/annex/internal/nesting"
	"github.com/annexhost/annex/runtime/sandbox"
)

// Defaults of [Config].
const (
	DefaultWarm         = 2
	DefaultWarmFor      = 30 * time.Second
	DefaultMaxSource    = 1 << 20
	DefaultMaxSourceMap = 16 << 20
	DefaultMaxNesting   = nesting.Bundle
)

// Config says how an [Engine] works. Its zero is an engine without methods.
type Config struct {
	// API lists the methods of the api object.
	API sandbox.API

	// Warm is how many realms are kept ready for a program that is in use; under
	// load it grows up to eight times. 0 means DefaultWarm, less than 0 none.
	Warm int

	// WarmFor is how long realms are kept ready after the last invocation. 0
	// means DefaultWarmFor.
	WarmFor time.Duration

	// MaxSource limits Source.Code, MaxSourceMap Source.SourceMap, in bytes. 0
	// means the defaults.
	MaxSource, MaxSourceMap int

	// MaxNesting limits how deep the syntax of a source nests, as
	// [nesting.Check] counts. 0 means DefaultMaxNesting.
	MaxNesting int

	// Crashed, when not nil, is told of a panic inside the engine or a Caller:
	// the guest sees no more than "internal error". It must not block.
	Crashed func(sandbox.Crash)
}

// Engine runs JavaScript on goja. It is a [sandbox.Engine].
type Engine struct {
	config  Config
	api     *apiTable
	prelude *prelude
	warmer  *warmer
	callers *callers
}

// New returns an engine. The error says which method of the API is wrong.
func New(c Config) (*Engine, error) {
	setDefault(&c.Warm, DefaultWarm)
	setDefault(&c.WarmFor, DefaultWarmFor)
	setDefault(&c.MaxSource, DefaultMaxSource)
	setDefault(&c.MaxSourceMap, DefaultMaxSourceMap)
	setDefault(&c.MaxNesting, DefaultMaxNesting)
	api, err := newAPITable(c.API)
	if err != nil {
		return nil, fmt.Errorf("js: %w", err)
	}
	e := &Engine{config: c, api: api, prelude: newPrelude(), callers: newCallers()}
	e.warmer = newWarmer(c.WarmFor)
	return e, nil
}

func setDefault[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}

// Compile implements [sandbox.Engine]. Besides what cannot be parsed it refuses
// a source that is too large or nests too deep, before any parser sees it.
func (e *Engine) Compile(ctx context.Context, src sandbox.Source) (sandbox.Program, error) {
	code, err := e.compile(ctx, src)
	if err != nil {
		return nil, err
	}
	return &program{engine: e, source: src.Name, export: src.Export, code: code, async: usesPromises(src.Code)}, nil
}

// Close implements [sandbox.Engine].
func (e *Engine) Close() error {
	e.warmer.close()
	e.callers.close()
	return nil
}

var _ sandbox.Engine = (*Engine)(nil)
var _ goja.DynamicObject = (*lazyObject)(nil)
