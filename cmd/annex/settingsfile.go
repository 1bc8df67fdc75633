package main

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/pflag"
	"go.yaml.in/yaml/v3"
)

// settingsFile is read from the current directory unless --config names another.
const settingsFile = "annex.yaml"

// knownSettings are the flags that may stand in a file of settings.
var knownSettings = map[string]bool{
	"data": true, "listen": true, "no-token": true, "log": true, "org": true, "subdomains": true, "allow-cidr": true, "deny-cidr": true, "deny-host": true, "resolve": true,
	"limit-wall": true, "limit-cpu": true, "limit-memory": true, "limit-rate": true,
	"limit-concurrency": true, "limit-concurrency-each": true, "limit-queue": true, "limit-queue-wait": true, "weight": true,
	"master-key-file": true, "master-key-keyring": true, "strict-engines": true,
	"keys": true, "require-signed": true, "require-tier": true,
	"isolation": true, "isolation-of": true, "require-jail": true,
	"public-url": true, "trusted-proxy": true, "tls-cert": true, "tls-key": true, "cors-origin": true, "single-org": true,
	"limit-public-rate": true, "limit-body": true, "limit-header": true, "limit-conns": true, "limit-client-conns": true,
	"keep-logs": true, "keep-logs-for": true, "keep-audit-for": true, "record": true, "record-keep": true,
	"timeout-header": true, "timeout-body": true, "timeout-answer": true, "timeout-idle": true,
}

// openSettings returns the text of a file of settings and its name; nil when none
// is named and there is none. The one of a directory that is an extension is not
// read unasked: who tries a stranger's extension would take the stranger's settings.
func openSettings(name string) (data []byte, found string, err error) {
	optional := name == ""
	if optional {
		name = settingsFile
	}
	if optional && isExtension() {
		return nil, name, nil
	}
	data, err = os.ReadFile(name)
	switch {
	case optional && errors.Is(err, fs.ErrNotExist):
		return nil, name, nil
	case err != nil:
		return nil, name, usagef("settings: %v", err)
	}
	return data, name, nil
}

// trustingSettings let more in, or hold less back, than there would be without them.
var trustingSettings = []string{
	"isolation", "isolation-of", "require-jail", "allow-cidr", "resolve", "subdomains", "strict-engines",
	"keys", "require-signed", "require-tier", "master-key-file", "master-key-keyring", "trusted-proxy", "identity",
}

// trustingSetting returns a setting of the current directory's file that is one of these;
// empty when there is none.
func trustingSetting() (string, error) {
	data, name, err := openSettings("")
	if err != nil {
		return "", err
	}
	var raw map[string]yaml.Node
	if err := yaml.Unmarshal(data, &raw); err != nil {
		return "", usagef("settings in %s: %v", name, err)
	}
	for _, key := range trustingSettings {
		if _, ok := raw[key]; ok {
			return key, nil
		}
	}
	return "", nil
}

// packageHere returns the first of args that is a package in the current directory
// or below it; empty when there is none.
func packageHere(args []string) string {
	for _, arg := range args {
		if here, err := filepath.Abs("."); err == nil && filepath.IsAbs(arg) {
			if below, err := filepath.Rel(here, arg); err == nil {
				arg = below
			}
		}
		isPackage := exists(filepath.Join(arg, "extension.json")) || strings.HasSuffix(arg, ".bpx") && exists(arg)
		if isPackage && filepath.IsLocal(arg) {
			return arg
		}
	}
	return ""
}

// isExtension reports whether the current directory is a package.
func isExtension() bool { return exists("extension.json") }

func exists(name string) bool {
	_, err := os.Lstat(name)
	return err == nil
}

// readSettings returns the values of a file by flag name.
func readSettings(name string) (map[string][]string, error) {
	data, name, err := openSettings(name)
	if err != nil || data == nil {
		return nil, err
	}
	var raw map[string]yaml.Node
	if err := yaml.Unmarshal(data, &raw); err != nil {
		return nil, usagef("settings in %s: %v", name, err)
	}
	values := map[string][]string{}
	for key, node := range raw {
		if slices.Contains(structuredKeys, key) {
			continue // readStructured's
		}
		switch node.Kind {
		case yaml.ScalarNode:
			values[key] = []string{node.Value}
		case yaml.SequenceNode:
			for _, item := range node.Content {
				values[key] = append(values[key], item.Value)
			}
		case yaml.MappingNode: // for flags that take NAME=VALUE
			for i := 0; i+1 < len(node.Content); i += 2 {
				values[key] = append(values[key], node.Content[i].Value+"="+node.Content[i+1].Value)
			}
		default:
			return nil, usagef("settings in %s, line %d: %s must be a value, or a list or a map of values", name, node.Line, key)
		}
	}
	return values, nil
}

// fileName is the file that settings came from.
func fileName(flags *pflag.FlagSet) string {
	if f := flags.Lookup("config"); f != nil && f.Value.String() != "" {
		return f.Value.String()
	}
	return settingsFile
}
