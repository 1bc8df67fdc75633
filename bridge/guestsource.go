package bridge

import (
	"embed"
	"io/fs"
)

//go:embed guest/*.go
var guestFiles embed.FS

// GuestSource returns the package bridge/guest by the names of its files: the
// API of handlers in Go, for who keeps a copy of it. It imports the standard
// library only.
func GuestSource() map[string][]byte {
	files := map[string][]byte{}
	names, err := fs.Glob(guestFiles, "guest/*.go")
	if err != nil {
		panic("bridge: " + err.Error()) // the pattern is a constant
	}
	for _, name := range names {
		data, err := guestFiles.ReadFile(name)
		if err != nil {
			panic("bridge: " + err.Error()) // it is embedded
		}
		files[name[len("guest/"):]] = data
	}
	return files
}
