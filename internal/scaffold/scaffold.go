// Package scaffold writes new extensions: what `annex new` leaves in an empty
// directory.
package scaffold

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/annexhost/annex/bridge"
	"github.com/annexhost/annex/internal/exttest"
	"github.com/annexhost/annex/runtime/manifest"
)

//go:embed templates
var templates embed.FS

// template is a language to begin in.
type template struct {
	roots   []string // directories of files, in templates
	handler string   // of the route
	main    string   // serverMain
	tests   string   // how test files end
	guest   bool     // has a copy of the API of Go
}

var all = map[string]template{
	"typescript": {roots: []string{"common", "editor", "typescript"}, handler: "server/hello.ts", main: "server/hello.ts", tests: "ts"},
	"javascript": {roots: []string{"common", "javascript"}, handler: "server/hello.js", main: "server/hello.js", tests: "js"},
	"go":         {roots: []string{"common", "editor", "go"}, handler: "server/hello.wasm#hello", main: "server/hello.wasm", tests: "ts", guest: true},
}

// Templates lists the names of the templates, sorted.
func Templates() []string { return slices.Sorted(maps.Keys(all)) }

// ErrNotEmpty says that there is something in the directory already.
var ErrNotEmpty = errors.New("the directory is not empty")

// Options say what to write.
type Options struct {
	ID       manifest.ID
	Template string // one of Templates
	Annex    string // version that engines.annex names
}

// Write makes dir, which must not exist or be empty, and fills it. It returns
// the names of the files, sorted.
func Write(dir string, o Options) ([]string, error) {
	template, ok := all[o.Template]
	if !ok {
		return nil, fmt.Errorf("no template %q; there are %s", o.Template, strings.Join(Templates(), ", "))
	}
	if !manifest.IsID(string(o.ID)) {
		return nil, fmt.Errorf("%q is no id such as acme.notes: lowercase letters, numbers and hyphens", o.ID)
	}
	files, err := render(o, template)
	if err != nil {
		return nil, err
	}
	if entries, err := os.ReadDir(dir); err == nil && len(entries) > 0 {
		return nil, fmt.Errorf("%s: %w", dir, ErrNotEmpty)
	}
	var names []string
	for name, data := range files {
		names = append(names, name)
		target := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(target), 0o777); err != nil {
			return nil, err
		}
		if err := os.WriteFile(target, data, 0o666); err != nil {
			return nil, err
		}
	}
	slices.Sort(names)
	return names, nil
}

// render returns the files by name.
func render(o Options, t template) (map[string][]byte, error) {
	short := o.ID.ShortName()
	fill := strings.NewReplacer(
		"{{ID}}", string(o.ID), "{{SHORT}}", short, "{{PUBLISHER}}", o.ID.Publisher(), "{{NAME}}", title(short), "{{ANNEX}}", o.Annex,
		"{{HANDLER}}", t.handler, "{{MAIN}}", t.main, "{{EXT}}", t.tests,
	)
	files := map[string][]byte{
		"api.d.ts":          []byte(bridge.Typings() + exttest.Typings()),
		manifest.SchemaFile: manifest.Schema(),
		"icon.png":          icon(),
	}
	if t.guest {
		for name, data := range bridge.GuestSource() {
			files["guest/"+name] = data
		}
	}
	for _, root := range t.roots {
		root = "templates/" + root
		err := fs.WalkDir(templates, root, func(name string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			data, err := templates.ReadFile(name)
			if err != nil {
				return err
			}
			files[target(strings.TrimPrefix(name, root+"/"), t)] = []byte(fill.Replace(string(data)))
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	files["README.md"] = append(files["README.md"], files[more]...)
	delete(files, more)
	return files, nil
}

// more is what a template adds to the README of all.
const more = "README.more.md"

// target is what a file of a template is called in an extension: .txt keeps it
// from counting for this repository.
func target(name string, t template) string {
	name = strings.TrimSuffix(name, ".txt")
	if name == "gitignore" {
		return ".gitignore"
	}
	return strings.ReplaceAll(name, "EXT", t.tests)
}

// title is a short name as people write it: "file-sync" is "File Sync".
func title(short string) string {
	words := strings.FieldsFunc(short, func(r rune) bool { return r == '-' })
	for i, w := range words {
		words[i] = strings.ToUpper(w[:1]) + w[1:]
	}
	if len(words) == 0 {
		return short
	}
	return strings.Join(words, " ")
}

// icon is a plain square to begin with.
func icon() []byte {
	const side, border = 128, 20
	img := image.NewPaletted(image.Rect(0, 0, side, side), color.Palette{
		color.RGBA{0x22, 0x5e, 0xa8, 0xff}, color.RGBA{0xff, 0xff, 0xff, 0xff},
	})
	inner := image.Rect(border, border, side-border, side-border)
	draw.Draw(img, inner, image.NewUniform(color.White), image.Point{}, draw.Src)
	draw.Draw(img, inner.Inset(border), image.NewUniform(img.Palette[0]), image.Point{}, draw.Src)
	var out bytes.Buffer
	if err := png.Encode(&out, img); err != nil {
		panic("scaffold: " + err.Error()) // a buffer takes everything
	}
	return out.Bytes()
}
