package main

import (
	"context"
	"errors"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"github.com/annexhost/annex/internal/gobuild"
	"github.com/annexhost/annex/internal/watch"
	"github.com/annexhost/annex/runtime"
	"github.com/annexhost/annex/runtime/httpapi"
	"github.com/annexhost/annex/runtime/manifest"
	"github.com/annexhost/annex/runtime/pack"
	"github.com/annexhost/annex/runtime/registry"
	"github.com/annexhost/annex/runtime/sandbox"
	"github.com/annexhost/annex/runtime/standard"
)

func newDev() *cobra.Command {
	var listen, org, isolation string
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "dev [flags] DIR…",
		Short: "Serve the extensions that you write, and reload them when a file changes",
		Long: `Serves each DIR as annex serve does, watches it, and reloads the extension when a
file changes. State is kept over reloads; --data keeps it over restarts as well.

Errors in sources are shown with the lines around them, and the version before
answers on. A manifest that asks for more shows what, and asks. What handlers log
is printed as it comes, with its level and the id of the request; answers to
failed requests carry the stack in the author's files.

The commands that look after a host work beside it: with the same --data, or with
--host and the token that is printed.`,
		Example: `  annex dev my-extension
  annex dev --approve-all --data ./state --listen 127.0.0.1:8080 my-extension`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return usagef("annex dev needs the directory of an extension; annex dev --help shows an example")
			}
			return nil
		},
	}
	f := cmd.Flags()
	data := addDataFlag(cmd, "", "directory that keeps the state (default: in memory)")
	f.StringVar(&listen, "listen", "127.0.0.1:7433", "address to listen on; port 0 takes a free one")
	f.StringVar(&org, "org", "demo", "organization that the extensions are installed for")
	f.StringVar(&isolation, "isolation", string(defaultIsolation()), "where handlers run: process (jailed workers) or inprocess")
	f.BoolVar(&asJSON, "json", false, "print one line of JSON once it serves, and nothing else, on standard output")
	record := addRecordFlags(cmd)
	approve := addApprovalFlags(cmd)
	policy := addPolicyFlags(cmd)
	keys := addKeyFlags(cmd)
	log := addLogFlag(cmd, "error")
	addSettings(cmd)
	cmd.RunE = func(cmd *cobra.Command, dirs []string) error {
		options, err := hostOptions(cmd, policy, keys, *log)
		if err != nil {
			return err
		}
		if options.Isolation, err = parseIsolation(isolation, false); err != nil {
			return err
		}
		if options.Record, err = record.config(); err != nil {
			return err
		}
		if err := checkDirs(dirs); err != nil {
			return err
		}
		d := &dev{cmd: cmd, org: org, data: *data, dirs: dirs, approve: approve, screen: &screen{w: cmd.ErrOrStderr()}, refused: map[string]string{}, failed: map[string]bool{}}
		if in, can := terminal(cmd); can {
			approve.asking(in).start()
		}
		options.OnLog, options.OneAuthor = d.screen.log, true
		if d.host, err = openHost(cmd.Context(), *data, options); err != nil {
			return err
		}
		defer d.host.Close(context.WithoutCancel(cmd.Context()))
		return d.serve(listen, asJSON, options)
	}
	return cmd
}

func checkDirs(dirs []string) error {
	for _, dir := range dirs {
		info, err := os.Stat(dir)
		if errors.Is(err, fs.ErrNotExist) {
			return sandbox.Errorf(sandbox.NotFound, "there is no directory %s", dir)
		}
		if err != nil {
			return err
		}
		if !info.IsDir() {
			return usagef("annex dev takes directories, and %s is none; annex serve takes packages", dir)
		}
	}
	return nil
}

// dev serves directories while their author works in them.
type dev struct {
	cmd     *cobra.Command
	host    *standard.Host
	org     string
	data    string // empty: in memory
	dirs    []string
	approve *approval
	screen  *screen
	refused map[string]string // by directory: the digest that was not approved
	failed  map[string]bool   // directories that were not loaded as they are
}

// serve loads the directories, answers requests and reloads until the command
// is interrupted.
func (d *dev) serve(listen string, asJSON bool, options standard.Options) error {
	ctx := d.cmd.Context()
	// Watching begins before the first look: what is saved meanwhile counts.
	watcher, err := watch.New(d.dirs...)
	if err != nil {
		return err
	}
	defer watcher.Close()
	if _, err := d.host.State.Registry.CreateOrg(ctx, d.org, "dev --org", time.Now()); err != nil && !errors.Is(err, registry.ErrExists) {
		return usagef("--org %q: %v", d.org, err)
	}
	var apps []app
	for _, dir := range d.dirs {
		if m := d.reload(ctx, dir, true); m != nil {
			inst, err := d.host.State.Registry.Get(ctx, d.org, string(m.ID))
			if err != nil {
				return err
			}
			apps = append(apps, app{m, inst.PublicToken})
		}
	}
	token := httpapi.NewToken()
	auth, err := authenticator(d.host.State, d.org, token)
	if err != nil {
		return err
	}
	api, err := httpapi.New(httpapi.Config{
		Host: devHost{d}, Doors: d.host, Auth: auth, Health: d.host.Health, MaxBody: options.Limits.RequestBody,
		Log: options.Logger.Named("http"), Dev: true,
	})
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", listen)
	if err != nil {
		return usagef("--listen: %v", err)
	}
	origin := "http://" + listener.Addr().String()
	door, err := openDoor(d.host, auth, d.data, origin)
	if err != nil {
		return err
	}
	defer door.close()
	greet(d.cmd, greeting{Listen: listener.Addr().String(), URL: origin, Org: d.org, Token: token}, asJSON, apps)
	ctx, stop := context.WithCancel(ctx)
	reloading := make(chan struct{})
	go func() {
		defer close(reloading)
		d.watch(ctx, watcher)
	}()
	err = serveUntilDone(ctx, listener, withAdmin(api, door.handler), options.Logger)
	stop()
	<-reloading
	return err
}

// watch reloads what changes until ctx is done.
func (d *dev) watch(ctx context.Context, watcher *watch.Watcher) {
	for {
		select {
		case <-ctx.Done():
			return
		case _, ok := <-watcher.Changes():
			if !ok {
				return
			}
		}
		for _, dir := range d.dirs {
			d.reload(ctx, dir, false)
		}
	}
}

// reload installs what is in a directory now, in place of what was there, and
// says what came of it. It returns nil when the version before answers on.
func (d *dev) reload(ctx context.Context, dir string, first bool) *manifest.Manifest {
	began := time.Now()
	built, err := gobuild.Build(ctx, dir)
	for _, b := range built {
		d.screen.say("%s", b)
	}
	switch {
	case errors.Is(err, gobuild.ErrNoGo):
		d.screen.say("%s: its modules were not built: %v", dir, err)
	case err != nil:
		return d.fail(dir, err)
	}
	p, err := pack.Open(dir, pack.Options{Manifest: d.host.ManifestOptions()})
	if err != nil {
		return d.fail(dir, err)
	}
	plan, err := d.host.Plan(ctx, d.org, p)
	if err != nil {
		return d.fail(dir, err)
	}
	switch {
	case plan.Same && plan.Added.IsEmpty():
		if d.failed[dir] {
			d.screen.say("%s is again what is served", dir)
		}
		delete(d.failed, dir)
		return plan.Manifest
	case d.refused[dir] == plan.Digest:
		return nil
	}
	for _, w := range plan.Warnings {
		d.screen.say("%s: warning: %s", dir, w)
	}
	if !first {
		d.screen.difference(plan)
	}
	asked := time.Now()
	consent, err := d.approve.decide(ctx, d.cmd, plan)
	began = began.Add(time.Since(asked)) // a person's time
	if err != nil {
		d.refused[dir] = plan.Digest
		return d.fail(dir, err)
	}
	consent.AcceptKey = d.approve.accept
	if _, err := d.host.Install(ctx, d.org, p, consent); err != nil {
		return d.fail(dir, err)
	}
	delete(d.refused, dir)
	delete(d.failed, dir)
	verb := "reloaded"
	if first {
		verb = "loaded"
	}
	d.screen.say("%s %s %s in %d ms", verb, plan.Manifest.ID, plan.Manifest.Version, time.Since(began).Milliseconds())
	return plan.Manifest
}

// fail says why a directory was not loaded.
func (d *dev) fail(dir string, err error) *manifest.Manifest {
	d.failed[dir] = true
	d.screen.problem(dir, err)
	return nil
}

// devHost tells the author of each invocation.
type devHost struct{ *dev }

// Invoke implements httpapi.Host.
func (h devHost) Invoke(ctx context.Context, call runtime.Call) (runtime.Reply, error) {
	reply, err := h.host.Invoke(ctx, call)
	h.screen.request(call, reply, err)
	if err != nil {
		for _, dir := range h.dirs {
			if h.screen.stackFrame(dir, sandbox.AsError(err).Stack) {
				break
			}
		}
	}
	return reply, err
}

// inDir is the path of a package's file, empty for what is not inside of it.
func inDir(dir, file string) string {
	if !filepath.IsLocal(filepath.FromSlash(file)) {
		return ""
	}
	return filepath.Join(dir, filepath.FromSlash(file))
}
