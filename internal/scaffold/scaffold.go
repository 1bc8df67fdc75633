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
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/annexhost/annex/bridge"
	"github.com/annexhost/annex/internal/exttest"
	"github.com/annexhost/annex/runtime/manifest"
)

//go:embed templates
var templates embed.FS

// extensions are how the source files of a template end, by its name.
var extensions = map[string]string{"typescript": "ts", "javascript": "js"}

// Templates lists the names of the templates, sorted.
func Templates() []string { return []string{"javascript", "typescript"} }

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
	ext, ok := extensions[o.Template]
	if !ok {
		return nil, fmt.Errorf("no template %q; there are %s", o.Template, strings.Join(Templates(), ", "))
	}
	if !manifest.IsID(string(o.ID)) {
		return nil, fmt.Errorf("%q is no id such as acme.notes: lowercase letters, numbers and hyphens", o.ID)
	}
	files, err := render(o, ext)
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
func render(o Options, ext string) (map[string][]byte, error) {
	short := o.ID.ShortName()
	fill := strings.NewReplacer(
		"{{ID}}", string(o.ID), "{{SHORT}}", short, "{{PUBLISHER}}", o.ID.Publisher(),
		"{{NAME}}", title(short), "{{EXT}}", ext, "{{ANNEX}}", o.Annex,
	)
	files := map[string][]byte{
		"api.d.ts":          []byte(bridge.Typings() + exttest.Typings()),
		manifest.SchemaFile: manifest.Schema(),
		"icon.png":          icon(),
	}
	for _, root := range []string{"templates/common", "templates/" + o.Template} {
		err := fs.WalkDir(templates, root, func(name string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			data, err := templates.ReadFile(name)
			if err != nil {
				return err
			}
			target := strings.TrimPrefix(name, root+"/")
			if path.Base(target) == "gitignore" {
				target = ".gitignore" // under its own name it would count for this repository
			}
			files[target] = []byte(fill.Replace(string(data)))
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return files, nil
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
