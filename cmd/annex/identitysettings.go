package main

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/annexhost/annex/permissions"
	"github.com/annexhost/annex/runtime/identity"
	"github.com/annexhost/annex/runtime/registry"
)

// structured are the settings of the file that are no flags: they have parts.
type structured struct {
	Identity struct {
		Issuers []issuerSettings `yaml:"issuers"`
	} `yaml:"identity"`

	// Hosts gives host names to organizations.
	Hosts map[string]string `yaml:"hosts"`
}

// structuredKeys are its keys.
var structuredKeys = []string{"identity", "hosts"}

// issuerSettings is an identity.Issuer as it is written in the file.
type issuerSettings struct {
	Issuer     string        `yaml:"issuer"`
	JWKS       string        `yaml:"jwks"`
	Audience   texts         `yaml:"audience"`
	Algorithms texts         `yaml:"algorithms"`
	Skew       time.Duration `yaml:"skew"`
	Org        string        `yaml:"org"`
	Orgs       texts         `yaml:"orgs"`
	Role       identity.Role `yaml:"role"`
	Claims     struct {
		User  texts `yaml:"user"`
		Email texts `yaml:"email"`
		Org   texts `yaml:"org"`
		Role  texts `yaml:"role"`
	} `yaml:"claims"`
	Roles map[identity.Role]texts `yaml:"roles"`
}

// texts is one text or a list of them.
type texts []string

// UnmarshalYAML implements yaml.Unmarshaler.
func (t *texts) UnmarshalYAML(node *yaml.Node) error {
	if node.Kind == yaml.ScalarNode {
		*t = texts{node.Value}
		return nil
	}
	return node.Decode((*[]string)(t))
}

// issuer is what the settings say.
func (s issuerSettings) issuer() identity.Issuer {
	roles := map[identity.Role][]string{}
	for role, values := range s.Roles {
		roles[role] = values
	}
	return identity.Issuer{
		URL: s.Issuer, JWKS: s.JWKS, Audience: s.Audience, Algorithms: s.Algorithms, Skew: s.Skew,
		Org: s.Org, Orgs: s.Orgs, Role: s.Role, Roles: roles,
		Claims: identity.Claims{User: s.Claims.User, Email: s.Claims.Email, Org: s.Claims.Org, Role: s.Claims.Role},
	}
}

// readStructured returns the settings of a file that are no flags.
func readStructured(name string) (structured, error) {
	var s structured
	data, name, err := openSettings(name)
	if err != nil || data == nil {
		return s, err
	}
	var all map[string]yaml.Node
	if err := yaml.Unmarshal(data, &all); err != nil {
		return s, usagef("settings in %s: %v", name, err)
	}
	// Only its own keys, so that each part of them can be checked to be known.
	maps.DeleteFunc(all, func(key string, _ yaml.Node) bool { return !slices.Contains(structuredKeys, key) })
	own, err := yaml.Marshal(all)
	if err != nil {
		return s, usagef("settings in %s: %v", name, err)
	}
	decoder := yaml.NewDecoder(bytes.NewReader(own))
	decoder.KnownFields(true)
	if err := decoder.Decode(&s); err != nil {
		return s, usagef("settings in %s: %v", name, err)
	}
	if s.Hosts, err = checkHosts(s.Hosts); err != nil {
		return s, usagef("settings in %s: hosts: %v", name, err)
	}
	return s, nil
}

// checkStructured reports what is wrong with the settings that are no flags.
func checkStructured(name string) error {
	s, err := readStructured(name)
	if err != nil {
		return err
	}
	issuers, err := newIssuers(s.Identity.Issuers, nil)
	if issuers != nil {
		issuers.Close()
	}
	return err
}

// checkHosts brings host names into the form in which they are compared.
func checkHosts(hosts map[string]string) (map[string]string, error) {
	checked := map[string]string{}
	for name, org := range hosts {
		host, err := permissions.NormalizeHost(name)
		if err != nil {
			return nil, fmt.Errorf("%s: %v", name, err)
		}
		if err := registry.CheckOrg(org); err != nil {
			return nil, fmt.Errorf("%s: %v", name, err)
		}
		if checked[host] != "" {
			return nil, fmt.Errorf("%s is there twice", host)
		}
		checked[host] = org
	}
	return checked, nil
}
