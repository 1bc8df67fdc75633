package bundle

import (
	"context"
	"encoding/json"
	"fmt"
	"runtime"

	"github.com/evanw/esbuild/pkg/api"
)

// The namespaces of esbuild in which files live. None is esbuild's "file",
// so esbuild never looks for them on the host.
const (
	space   = "package" // the author's files
	missing = "missing" // modules that throw when they are loaded
	nowhere = "nowhere" // modules that a package.json replaces by nothing
)

// entryPoint stands for the entry. esbuild lists the directory of an entry point
// before it asks a plugin; no directory has a zero byte in its name, and Go asks
// no operating system about one.
const entryPoint = "/\x00/entry"

// root is a working directory that esbuild accepts. Nothing is looked for in it.
func root() string {
	if runtime.GOOS == "windows" {
		return `C:\`
	}
	return "/"
}

// lowered is the syntax that goja (2026-09-17) does not run. All other syntax
// that esbuild knows goes through unchanged, for the sake of speed and of stack
// traces. TestGojaRuns proves both halves.
func lowered() map[string]bool {
	return map[string]bool{
		"async-generator":      false,
		"for-await":            false,
		"using":                false,
		"decorators":           false,
		"dynamic-import":       false,
		"import-assertions":    false,
		"import-attributes":    false,
		"import-meta":          false,
		"regexp-match-indices": false,
		"regexp-set-notation":  false,
		"top-level-await":      false,
		"from-base64":          false,
	}
}

// lineLimit is where lines of the bundle are broken, in bytes.
const lineLimit = 120

// logged says what esbuild warns about. Its hints about doubtful code are for
// the author's linter; each may cost it time in proportion to the file.
func logged() map[string]api.LogLevel {
	return map[string]api.LogLevel{
		"unsupported-regexp":             api.LogLevelWarning,
		"assert-to-with":                 api.LogLevelSilent,
		"call-import-namespace":          api.LogLevelWarning,
		"duplicate-case":                 api.LogLevelSilent,
		"duplicate-class-member":         api.LogLevelSilent,
		"duplicate-object-key":           api.LogLevelSilent,
		"equals-nan":                     api.LogLevelSilent,
		"equals-negative-zero":           api.LogLevelSilent,
		"equals-new-object":              api.LogLevelSilent,
		"ignored-bare-import":            api.LogLevelSilent,
		"impossible-typeof":              api.LogLevelSilent,
		"suspicious-boolean-not":         api.LogLevelSilent,
		"suspicious-logical-operator":    api.LogLevelSilent,
		"suspicious-nullish-coalescing":  api.LogLevelSilent,
		"semicolon-after-return":         api.LogLevelSilent,
		"unsupported-source-map-comment": api.LogLevelSilent,
	}
}

// defines are names that libraries expect of every bundler.
func defines() map[string]string {
	return map[string]string{
		"process.env.NODE_ENV": `"production"`,
		"global":               "globalThis",
	}
}

func options(l *loader) api.BuildOptions {
	return api.BuildOptions{
		AbsWorkingDir: root(),
		Outfile:       "/out.js",
		Bundle:        true,
		Metafile:      true,
		LogLevel:      api.LogLevelSilent,
		LogOverride:   logged(),
		Target:        api.ESNext,
		Supported:     lowered(),
		Format:        api.FormatESModule,
		Platform:      api.PlatformNeutral,
		Charset:       api.CharsetUTF8,
		// Indentation could make the bundle many times as long as the source.
		MinifyWhitespace: true,
		LineLimit:        lineLimit,
		LegalComments:    api.LegalCommentsNone,
		Sourcemap:        api.SourceMapExternal,
		TreeShaking:      api.TreeShakingTrue,
		TsconfigRaw:      "{}",
		Banner:           map[string]string{"js": firstLine},
		Define:           defines(),
		EntryPoints:      []string{entryPoint},
		Plugins:          []api.Plugin{l.plugin()},
	}
}

// built is what esbuild made of the files.
type built struct {
	code, sourceMap []byte
	warnings        []api.Message
	exports         []string // of the entry, where it is an ES module
	commonJS        bool     // the entry is a CommonJS module
}

// run performs one build. The error is an *Errors or the context's.
func run(ctx context.Context, l *loader) (built, error) {
	if err := ctx.Err(); err != nil {
		return built{}, err
	}
	builder, failed := api.Context(options(l))
	if failed != nil {
		return built{}, fmt.Errorf("bundle: esbuild refused its options: %w", failed)
	}
	result, err := rebuild(ctx, builder)
	if err != nil {
		return built{}, err
	}
	refused, warnings := judge(result)
	if len(refused) > 0 {
		return built{}, &Errors{Messages: messages(l.files, refused)}
	}
	b := built{warnings: warnings}
	for _, file := range result.OutputFiles {
		switch file.Path {
		case "/out.js":
			b.code = file.Contents
		case "/out.js.map":
			b.sourceMap = file.Contents
		}
	}
	return b, b.describe(result.Metafile, l.entry)
}

// rebuild waits for esbuild or for ctx. esbuild looks at a cancellation only
// between its steps; what it is in the middle of then ends by itself, unheard.
func rebuild(ctx context.Context, builder api.BuildContext) (api.BuildResult, error) {
	type outcome struct {
		result api.BuildResult
		err    error
	}
	done := make(chan outcome, 1)
	go func() {
		var o outcome
		defer func() {
			if r := recover(); r != nil {
				o.err = fmt.Errorf("bundle: esbuild failed: %v", r)
			}
			done <- o
		}()
		defer builder.Dispose()
		o.result = builder.Rebuild()
	}()
	select {
	case o := <-done:
		return o.result, o.err
	case <-ctx.Done():
		go builder.Cancel() // it waits for the build to end
		return api.BuildResult{}, ctx.Err()
	}
}

// describe fills in what esbuild's metafile says of the modules.
func (b *built) describe(metafile, entry string) error {
	var meta struct {
		Inputs  map[string]struct{ Format string }
		Outputs map[string]struct{ Exports []string }
	}
	if err := json.Unmarshal([]byte(metafile), &meta); err != nil {
		return fmt.Errorf("bundle: cannot read esbuild's account of %s: %w", entry, err)
	}
	b.commonJS = meta.Inputs[space+":"+entry].Format == "cjs"
	b.exports = meta.Outputs["out.js"].Exports
	return nil
}
