package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/annexhost/annex/runtime/httpapi"
	"github.com/annexhost/annex/runtime/httpapi/admin"
	"github.com/annexhost/annex/runtime/registry"
	"github.com/annexhost/annex/runtime/sandbox"
	"github.com/annexhost/annex/runtime/standard"
	"github.com/annexhost/annex/storage"
)

// tokenVariable holds a token, and hostVariable the address it is for.
const (
	hostVariable  = "ANNEX_HOST"
	tokenVariable = "ANNEX_TOKEN"
)

// doorFlags are those of every command of the admin API. The command always
// speaks HTTP to the same handlers: of a server elsewhere (--host), of the one
// that serves the data directory, or, when nobody does, of its own process.
type doorFlags struct {
	data, org, log *string
	network        networkFlags
	keys           *keyFlags
	policy         *policyFlags // of commands that run or check handlers
	orgGiven       func() bool
	asJSON         bool

	// create makes the data directory when there is none.
	create bool
}

func addDoorFlags(cmd *cobra.Command) *doorFlags {
	f := cmd.Flags()
	d := &doorFlags{
		data: addDataFlag(cmd, "annex-data", ""),
		org:  f.String("org", "demo", "organization (default with --host: the token's)"),
		log:  addLogFlag(cmd, "warn"),
		keys: addKeyFlags(cmd),

		network: addNetworkFlags(cmd),
	}
	d.orgGiven = func() bool { return f.Changed("org") }
	f.BoolVar(&d.asJSON, "json", false, "print JSON")
	addSettings(cmd)
	return d
}

// orgName is the organization for a path of the API.
func (d *doorFlags) orgName() string {
	if d.remote() != "" && !d.orgGiven() {
		return admin.Own
	}
	return *d.org
}

// forOrg says for which organization something was done, where it was named.
func (d *doorFlags) forOrg() string {
	if d.orgName() == admin.Own {
		return ""
	}
	return " for " + *d.org
}

// in names the organization, and of the extension.
func (d *doorFlags) in() admin.InOrg { return admin.InOrg{Org: d.orgName()} }

func (d *doorFlags) of(extension string) admin.OfExtension {
	return admin.OfExtension{InOrg: d.in(), Extension: extension}
}

func (d *doorFlags) remote() string { return *d.network.host }

// with calls f with a client, by the first way that there is.
func (d *doorFlags) with(cmd *cobra.Command, f func(ctx context.Context, c *admin.Client) error) error {
	ctx := cmd.Context()
	if origin := d.remote(); origin != "" {
		c, err := d.network.client(origin)
		if err != nil {
			return err
		}
		d.say(cmd, "at "+c.URL)
		return f(ctx, c)
	}
	if err := registry.CheckOrg(*d.org); err != nil {
		return usagef("--org %q: %v", *d.org, err)
	}
	if c := d.overSocket(ctx); c != nil {
		d.say(cmd, fmt.Sprintf("by the server of %s", *d.data))
		return f(ctx, c)
	}
	return d.inProcess(cmd, f)
}

// say tells a person which way was taken.
func (d *doorFlags) say(cmd *cobra.Command, way string) {
	if !d.asJSON {
		fmt.Fprintf(cmd.ErrOrStderr(), "annex: answered %s\n", way)
	}
}

// overSocket returns nil when nobody serves the directory.
func (d *doorFlags) overSocket(ctx context.Context) *admin.Client {
	conn, err := dialSocket(ctx, *d.data)
	if err != nil {
		return nil
	}
	_ = conn.Close()
	return &admin.Client{Transport: &http.Transport{
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) { return dialSocket(ctx, *d.data) },
	}}
}

// inUseWait is how long a command waits for another one that has the directory.
const inUseWait = 5 * time.Second

// inProcess opens the directory and serves the API to itself.
func (d *doorFlags) inProcess(cmd *cobra.Command, f func(ctx context.Context, c *admin.Client) error) (err error) {
	ctx := cmd.Context()
	if _, err := os.Stat(*d.data); errors.Is(err, fs.ErrNotExist) && !d.create {
		return sandbox.Errorf(sandbox.NotFound, "there is no data directory %s; --data names another", *d.data)
	}
	host, client, err := d.openDirectory(cmd)
	if err != nil {
		return err
	}
	if client != nil {
		d.say(cmd, fmt.Sprintf("by the server of %s", *d.data))
		return f(ctx, client)
	}
	defer func() { err = errors.Join(err, host.Close(context.WithoutCancel(ctx))) }()
	server, err := admin.New(adminConfig(host, nil))
	if err != nil {
		return err
	}
	d.say(cmd, fmt.Sprintf("in this process: nobody serves %s", *d.data))
	return f(ctx, &admin.Client{Transport: admin.Memory(server.Local())})
}

// openDirectory opens the directory. While another process has it, it waits a
// little: that may be a command which is about to end, or a server which is
// about to open its socket.
func (d *doorFlags) openDirectory(cmd *cobra.Command) (*standard.Host, *admin.Client, error) {
	policy := d.policy
	if policy == nil {
		policy = defaultPolicy()
	}
	options, err := hostOptions(cmd, policy, d.keys, *d.log)
	if err != nil {
		return nil, nil, err
	}
	if d.policy != nil {
		options.Isolation = defaultIsolation()
	}
	ctx := cmd.Context()
	for began := time.Now(); ; {
		host, err := standard.Open(ctx, *d.data, options)
		if !errors.Is(err, storage.ErrInUse) || time.Since(began) > inUseWait {
			return host, nil, err
		}
		if c := d.overSocket(ctx); c != nil {
			return nil, c, nil
		}
		select {
		case <-time.After(100 * time.Millisecond):
		case <-ctx.Done():
			return nil, nil, ctx.Err()
		}
	}
}

// adminConfig is what the admin API works on: the one place where it is put
// together, for serve and for commands.
func adminConfig(host *standard.Host, auth httpapi.Authenticator) admin.Config {
	return admin.Config{
		Host: host.Host, Registry: host.State.Registry, Keeper: host.State.Keeper, Audit: host.State.Audit, Store: host.State.Store, Tokens: host.State.Tokens,
		Space: host.Space, Rotate: host.State.RotateMasterKey, Auth: auth, Log: host.Logger("admin"),
		Logs: host.State.Logs, Slowed: func() []string { return slowed(host) },
		Backup: func(ctx context.Context, by string, w io.Writer) error {
			_, err := host.State.Backup(ctx, by, w)
			return err
		},
	}
}

// withAdmin answers the admin API beside api.
func withAdmin(api http.Handler, door http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if path := r.URL.Path; len(path) > len(admin.Prefix) && path[:len(admin.Prefix)+1] == admin.Prefix+"/" {
			door.ServeHTTP(w, r)
			return
		}
		api.ServeHTTP(w, r)
	})
}

// operatorDoor is the admin API of a host that is being served.
type operatorDoor struct {
	handler http.Handler    // for callers with a token
	local   *httpapi.Server // the socket's; nil: there is none
}

// openDoor serves the socket in the data directory until close. origin is that
// of public addresses.
func openDoor(host *standard.Host, auth httpapi.Authenticator, data, origin string) (*operatorDoor, error) {
	config := adminConfig(host, auth)
	config.PublicURL = origin
	server, err := admin.New(config)
	if err != nil {
		return nil, err
	}
	if data == "" { // in memory: only over the network
		return &operatorDoor{handler: server}, nil
	}
	socket, err := listenSocket(data)
	if err != nil {
		return nil, err
	}
	log := host.Logger("admin")
	local := httpapi.NewServer(httpapi.ServerConfig{Handler: server.Local(), Log: log})
	go func() {
		if err := local.Serve(socket); err != nil {
			log.Error("the admin socket is not served any more", "error", err)
		}
	}()
	return &operatorDoor{server, local}, nil
}

// socketGrace is how long commands that run over the socket may take to end.
const socketGrace = 5 * time.Second

// close ends the socket, before the host ends: its requests need the store.
func (d *operatorDoor) close() {
	if d.local == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), socketGrace)
	defer cancel()
	_ = d.local.Shutdown(ctx) // those that it cut off were told
}

// errand is what a command does with its client.
type errand struct {
	cmd  *cobra.Command
	door *doorFlags
	*admin.Client
}

// print prints v as JSON with --json, and otherwise what text writes.
func (e errand) print(v any, text func(io.Writer)) error { return e.door.print(e.cmd, v, text) }

// onDoor gives cmd the flags of the door and what it does behind it.
func onDoor(cmd *cobra.Command, run func(ctx context.Context, e errand, args []string) error) *cobra.Command {
	door := addDoorFlags(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		return door.with(cmd, func(ctx context.Context, c *admin.Client) error {
			return run(ctx, errand{cmd, door, c}, args)
		})
	}
	return cmd
}

// slowed names the installations whose calls wait because their workers die.
func slowed(host *standard.Host) []string {
	var names []string
	for _, s := range host.Slowed() {
		names = append(names, s.Tenant)
	}
	return names
}
