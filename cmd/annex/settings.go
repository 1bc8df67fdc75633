package main

import (
	"fmt"
	"net/netip"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/hashicorp/go-hclog"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/annexhost/annex/bridge/egress"
	"github.com/annexhost/annex/permissions"
	"github.com/annexhost/annex/runtime"
	"github.com/annexhost/annex/runtime/admission"
)

// environment names the variable that stands for a flag.
var environment = map[string]string{
	"data":   "ANNEX_DATA",
	"listen": "ANNEX_LISTEN",
	"log":    "ANNEX_LOG",
	"host":   hostVariable,
	"token":  tokenVariable,
	"cacert": caVariable,
}

// masterKeyVariable holds a key and so has no flag: arguments are seen by others.
const masterKeyVariable = "ANNEX_MASTER_KEY"

// addSettings gives cmd the flag --config, and fills in what the command line
// leaves open: first from the environment, then from the file.
func addSettings(cmd *cobra.Command) {
	file := cmd.Flags().String("config", "", "file of settings (default annex.yaml in this directory)")
	cmd.PreRunE = func(cmd *cobra.Command, args []string) error {
		if *file == "" && exists(settingsFile) {
			if err := lookAround(cmd, args); err != nil {
				return err
			}
		}
		fromFile, err := readSettings(*file)
		if err != nil {
			return err
		}
		return fillIn(cmd.Flags(), fromFile)
	}
}

// lookAround says what becomes of a file of settings that was not named: who
// tries a stranger's extension may have got the file with it.
func lookAround(cmd *cobra.Command, packages []string) error {
	if isExtension() {
		fmt.Fprintf(cmd.ErrOrStderr(), "annex: %s is left out: this directory is an extension, whose author may have written it; --config %[1]s reads it\n", settingsFile)
		return nil
	}
	name := packageHere(packages)
	if name == "" {
		return nil
	}
	key, err := trustingSetting()
	if err != nil {
		return err
	}
	if key != "" {
		return usagef("%s sets %s, and is in the same directory as %s, whose author may have written it: --config %[1]s reads it, --config %[4]s leaves it out", settingsFile, key, name, os.DevNull)
	}
	fmt.Fprintf(cmd.ErrOrStderr(), "annex: settings come from %s, in the same directory as %s: --config %s leaves them out\n", settingsFile, name, os.DevNull)
	return nil
}

// fillIn sets the flags that the command line left open. A setting for another
// command is left alone; one that no command knows is an error, and so is a flag
// that says what to do once, such as an approval, or to whom a token is sent.
func fillIn(flags *pflag.FlagSet, fromFile map[string][]string) error {
	for key := range fromFile {
		if !knownSettings[key] {
			return usagef("settings: %s is not a setting", key)
		}
	}
	var failed error
	flags.VisitAll(func(f *pflag.Flag) {
		if f.Changed || failed != nil {
			return
		}
		values, from := fromFile[f.Name], fileName(flags)
		if v, ok := os.LookupEnv(environment[f.Name]); ok && environment[f.Name] != "" {
			values, from = []string{v}, environment[f.Name]
		}
		if len(values) > 0 {
			setOrigin(f, from)
		}
		for _, v := range values {
			if err := flags.Set(f.Name, v); err != nil {
				failed = usagef("%s: %v", from, err)
			}
		}
	})
	return failed
}

// originAnnotation says on a flag where its value came from.
const originAnnotation = "annex_origin"

func setOrigin(f *pflag.Flag, from string) {
	if f.Annotations == nil {
		f.Annotations = map[string][]string{}
	}
	f.Annotations[originAnnotation] = []string{from}
}

// originOf says where the value of a flag came from: a variable, a file, the
// command line, or nowhere.
func originOf(f *pflag.Flag) string {
	if from := f.Annotations[originAnnotation]; len(from) > 0 {
		return from[0]
	}
	if f.Changed {
		return "flag"
	}
	return "default"
}

// policyFlags are the operator's limits and exceptions, on every command that
// runs handlers.
type policyFlags struct {
	wall, cpu, memory, rate string
	allowCIDR, resolve      []string
	denyCIDR, denyHosts     []string
	subdomains              bool
	strictEngines           bool
	trust                   *trustFlags
	fair                    *fairFlags // nil where one caller runs one handler
}

// defaultPolicy is that of commands which run no handlers.
func defaultPolicy() *policyFlags { return addPolicyFlags(&cobra.Command{}) }

func addPolicyFlags(cmd *cobra.Command) *policyFlags {
	p := &policyFlags{}
	f := cmd.Flags()
	f.StringVar(&p.wall, "limit-wall", "30s", "time that an invocation may take, or off")
	f.StringVar(&p.cpu, "limit-cpu", "10s", "time that an invocation may compute, or off")
	f.StringVar(&p.memory, "limit-memory", "128MiB", "memory of an invocation, or off")
	f.StringVar(&p.rate, "limit-rate", "100/m", "calls a minute for each organization and extension, or off")
	f.StringArrayVar(&p.allowCIDR, "allow-cidr", nil, "addresses that extensions may reach although they are not public (repeatable)")
	f.StringArrayVar(&p.denyCIDR, "deny-cidr", nil, "addresses that no extension may reach, whatever allows them (repeatable)")
	f.StringArrayVar(&p.denyHosts, "deny-host", nil, "names that no extension may reach, with all names under them, whatever is granted (repeatable)")
	f.StringArrayVar(&p.resolve, "resolve", nil, "HOST=ADDR:PORT: where extensions reach a host (repeatable)")
	f.BoolVar(&p.subdomains, "subdomains", false, "let http:domain: permissions cover subdomains; consent says so")
	f.BoolVar(&p.strictEngines, "strict-engines", false, "refuse packages whose engines are not satisfied")
	p.trust = addTrustFlags(cmd)
	return p
}

// limits returns what the flags say.
func (p *policyFlags) limits() (runtime.Limits, error) {
	var l runtime.Limits
	var err error
	if l.Sandbox.Wall, err = parseDuration("limit-wall", p.wall); err != nil {
		return l, err
	}
	if l.Sandbox.CPU, err = parseDuration("limit-cpu", p.cpu); err != nil {
		return l, err
	}
	if l.Sandbox.Memory, err = parseSize("limit-memory", p.memory); err != nil {
		return l, err
	}
	if l.Rate, err = admission.ParseRate(p.rate); err != nil {
		return l, usagef("--limit-rate %s: want a number a minute such as 100/m, or off", p.rate)
	}
	if p.fair != nil {
		err = p.fair.apply(&l)
	}
	return l, err
}

func parseDuration(flag, value string) (time.Duration, error) {
	if value == "off" {
		return runtime.Unlimited, nil
	}
	d, err := time.ParseDuration(value)
	if err != nil || d <= 0 {
		return 0, usagef("--%s %s: want a time such as 30s, or off", flag, value)
	}
	return d, nil
}

// sizeUnits are tried in order.
var sizeUnits = []struct {
	suffix string
	bytes  int64
}{{"GiB", 1 << 30}, {"MiB", 1 << 20}, {"KiB", 1 << 10}, {"B", 1}, {"", 1}}

func parseSize(flag, value string) (int64, error) {
	if value == "off" {
		return runtime.Unlimited, nil
	}
	for _, u := range sizeUnits {
		number, ok := strings.CutSuffix(value, u.suffix)
		if !ok {
			continue
		}
		n, err := strconv.ParseInt(number, 10, 64)
		if err != nil || n <= 0 || n > (1<<62)/u.bytes {
			break
		}
		return n * u.bytes, nil
	}
	return 0, usagef("--%s %s: want a size such as 128MiB, or off", flag, value)
}

// egress returns the operator's exceptions for the network.
func (p *policyFlags) egress() (egress.Policy, error) {
	var policy egress.Policy
	var err error
	if policy.AllowCIDR, err = parseNetworks("allow-cidr", p.allowCIDR); err != nil {
		return policy, err
	}
	if policy.DenyCIDR, err = parseNetworks("deny-cidr", p.denyCIDR); err != nil {
		return policy, err
	}
	policy.DenyHosts = p.denyHosts
	for _, r := range p.resolve {
		host, addr, ok := strings.Cut(r, "=")
		name, err := permissions.NormalizeHost(host)
		at, addrErr := netip.ParseAddrPort(addr)
		if !ok || err != nil || addrErr != nil {
			return policy, usagef("--resolve %s: want HOST=ADDR:PORT such as api.example.com=127.0.0.1:8443", r)
		}
		if policy.Resolve == nil {
			policy.Resolve = map[string]netip.AddrPort{}
		}
		policy.Resolve[name] = at
	}
	return policy, nil
}

func parseNetworks(flag string, texts []string) ([]netip.Prefix, error) {
	var networks []netip.Prefix
	for _, text := range texts {
		prefix, err := netip.ParsePrefix(text)
		if err != nil {
			return nil, usagef("--%s %s: want a network such as 127.0.0.1/32", flag, text)
		}
		networks = append(networks, prefix)
	}
	return networks, nil
}

// newLogger writes to standard error: text, or JSON for "json". A level may
// stand before or instead of the format: "debug", "warn,json".
func newLogger(cmd *cobra.Command, setting string) (hclog.Logger, error) {
	options := &hclog.LoggerOptions{Name: "annex", Level: hclog.Info, Output: cmd.ErrOrStderr()}
	for _, word := range strings.Split(setting, ",") {
		switch level := hclog.LevelFromString(word); {
		case word == "" || word == "text":
		case word == "json":
			options.JSONFormat = true
		case level != hclog.NoLevel:
			options.Level = level
		default:
			return nil, usagef("--log %s: want a level (debug, info, warn, error, off), json or text, separated by commas", setting)
		}
	}
	return hclog.New(options), nil
}

func addLogFlag(cmd *cobra.Command, def string) *string {
	return cmd.Flags().String("log", def, "what is logged to standard error: a level (debug, info, warn, error, off) and json or text")
}

// addDataFlag adds the directory where the state is kept.
func addDataFlag(cmd *cobra.Command, def, usage string) *string {
	if usage == "" {
		usage = "directory of the state"
	}
	return cmd.Flags().String("data", def, usage)
}

// permissions returns what the operator allows to be asked for.
func (p *policyFlags) permissions() permissions.Policy {
	return permissions.Policy{Subdomains: p.subdomains}
}
