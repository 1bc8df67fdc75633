// Package watch tells when something in a directory has changed.
package watch

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/fsnotify/fsnotify"
)

// Quiet is how long nothing must happen before a change is told: an editor
// writes a file in several steps. At most maxWait passes, though.
const (
	Quiet   = 15 * time.Millisecond
	maxWait = 200 * time.Millisecond
)

// maxDirectories bounds what one Watcher looks at.
const maxDirectories = 5_000

// errTooMany says that a directory is too large to be watched.
var errTooMany = errors.New("watch: more than 5,000 directories; is it the directory of one extension?")

// Watcher watches directories and everything below them, but for node_modules
// and what begins with a dot.
type Watcher struct {
	events  *fsnotify.Watcher
	changes chan struct{}
	done    chan struct{}
	most    int // directories
}

// New watches the directories. [Watcher.Close] ends it.
func New(directories ...string) (*Watcher, error) { return newWatcher(maxDirectories, directories...) }

func newWatcher(most int, directories ...string) (*Watcher, error) {
	events, err := fsnotify.NewWatcher()
	if err != nil {
		return nil, err
	}
	w := &Watcher{events: events, changes: make(chan struct{}, 1), done: make(chan struct{}), most: most}
	for _, d := range directories {
		if err := w.add(d); err != nil {
			return nil, errors.Join(err, events.Close())
		}
	}
	go w.run()
	return w, nil
}

// Changes receives when something has changed. Changes that nobody has taken
// yet are told once. It is closed when the watching ends.
func (w *Watcher) Changes() <-chan struct{} { return w.changes }

// Close ends the watching.
func (w *Watcher) Close() error {
	err := w.events.Close()
	<-w.done
	return err
}

// add watches a directory and those below it.
func (w *Watcher) add(root string) error {
	watched := len(w.events.WatchList()) // without those that are gone
	return filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			if path != root && errors.Is(err, fs.ErrNotExist) {
				return nil // gone meanwhile
			}
			return err
		}
		if !d.IsDir() {
			return nil
		}
		if path != root && skipped(path) {
			return fs.SkipDir
		}
		if watched++; watched > w.most {
			return errTooMany
		}
		return w.events.Add(path)
	})
}

func skipped(path string) bool {
	name := filepath.Base(path)
	return name == "node_modules" || strings.HasPrefix(name, ".")
}

// run joins the events that belong together.
func (w *Watcher) run() {
	defer close(w.done)
	defer close(w.changes)
	var quiet <-chan time.Time
	var first time.Time
	for {
		select {
		case e, ok := <-w.events.Events:
			if !ok {
				return
			}
			if e.Op == fsnotify.Chmod || skipped(e.Name) {
				continue
			}
			if info, err := os.Lstat(e.Name); err == nil && info.IsDir() && e.Has(fsnotify.Create) {
				_ = w.add(e.Name) // what cannot be watched is seen with the next change beside it
			}
			if quiet == nil {
				first = time.Now()
			}
			if time.Since(first) < maxWait {
				quiet = time.After(Quiet)
			}
		case _, ok := <-w.events.Errors:
			if !ok {
				return
			}
			quiet = time.After(Quiet) // events were lost: something has changed
		case <-quiet:
			quiet = nil
			select {
			case w.changes <- struct{}{}:
			default:
			}
		}
	}
}
