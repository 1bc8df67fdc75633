package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

const deployDir = "../../examples/deploy"

func deployFile(t *testing.T, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(deployDir, name))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// checkCommandLine reports what annex would refuse of "serve --flag value …".
func checkCommandLine(args []string) error {
	root := newRoot()
	cmd, rest, err := root.Find(args)
	if err != nil {
		return err
	}
	if err := cmd.ParseFlags(rest); err != nil {
		return fmt.Errorf("%s: %v", cmd.Name(), err)
	}
	return nil
}

// checkSettingsFile reports what serve would refuse of a file of settings.
func checkSettingsFile(name string) error {
	values, err := readSettings(name)
	if err != nil {
		return err
	}
	serve := newServe()
	if err := fillIn(serve.Flags(), values); err != nil {
		return err
	}
	if err := serve.Flags().Set("config", name); err != nil {
		return err
	}
	return checkStructured(name)
}

// The settings of the example are settings, and mean what its comments say.
func TestDeploySettings(t *testing.T) {
	name := filepath.Join(deployDir, "annex.yaml")
	if err := checkSettingsFile(name); err != nil {
		t.Fatal(err)
	}
	s, err := readStructured(name)
	if err != nil {
		t.Fatal(err)
	}
	if s.Hosts["hooks.acme.example"] != "acme" || len(s.Identity.Issuers) != 1 || !slices.Equal(s.Identity.Issuers[0].Audience, texts{"annex"}) {
		t.Errorf("read as %+v", s)
	}
}

// unitKeys are the directives that the unit may have: a misspelled one is
// ignored by systemd, and with it what it should protect.
var unitKeys = map[string]string{
	"Unit": "Description Documentation Wants After",
	"Service": "Type User Group ExecStartPre ExecStart Restart RestartSec TimeoutStopSec StateDirectory StateDirectoryMode UMask LimitCORE LimitNOFILE " +
		"TasksMax MemoryMax NoNewPrivileges CapabilityBoundingSet AmbientCapabilities ProtectSystem ProtectHome PrivateTmp PrivateDevices " +
		"ProtectKernelModules ProtectKernelLogs ProtectControlGroups ProtectClock LockPersonality RestrictRealtime RestrictSUIDSGID " +
		"RestrictAddressFamilies SystemCallArchitectures SystemCallFilter SystemCallErrorNumber KeyringMode",
	"Install": "WantedBy",
}

// unitProblems lists what is wrong with a unit.
func unitProblems(unit string) (problems []string) {
	section, seen := "", map[string]bool{}
	for n, line := range strings.Split(unit, "\n") {
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		if name, ok := strings.CutPrefix(line, "["); ok {
			section = strings.TrimSuffix(name, "]")
			continue
		}
		key, value, ok := strings.Cut(line, "=")
		if !ok || !slices.Contains(strings.Fields(unitKeys[section]), key) {
			problems = append(problems, fmt.Sprintf("line %d: %s is no directive of [%s]", n+1, key, section))
		}
		seen[key] = true
		if key == "ExecStart" || key == "ExecStartPre" {
			words := strings.Fields(value)
			if err := checkCommandLine(words[1:]); err != nil {
				problems = append(problems, fmt.Sprintf("line %d: %v", n+1, err))
			}
		}
	}
	for _, key := range []string{"User", "ExecStart", "NoNewPrivileges", "ProtectSystem", "StateDirectory", "TimeoutStopSec"} {
		if !seen[key] {
			problems = append(problems, "there is no "+key)
		}
	}
	return problems
}

func TestDeployUnit(t *testing.T) {
	unit := string(deployFile(t, "annex.service"))
	for _, p := range unitProblems(unit) {
		t.Error(p)
	}
	for _, broken := range []string{"[Service]\nNoNewPrivilege=yes", "[Service]\nExecStart=/annex serve --no-such-flag", "[Servce]\nUser=annex"} {
		if len(unitProblems(unit+"\n"+broken+"\n")) == 0 {
			t.Errorf("%s is not found", broken)
		}
	}
}

func TestDeployContainer(t *testing.T) {
	text := strings.ReplaceAll(string(deployFile(t, "Containerfile")), "\\\n", " ")
	last := map[string]string{} // of the last stage
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		word, rest, _ := strings.Cut(line, " ")
		switch word {
		case "FROM":
			last = map[string]string{word: rest}
		case "WORKDIR", "COPY", "RUN", "USER", "EXPOSE", "VOLUME", "ENTRYPOINT", "CMD":
			last[word] = rest
		default:
			t.Errorf("unknown instruction %s", word)
		}
	}
	if last["FROM"] != "scratch" || last["USER"] == "" || strings.HasPrefix(last["USER"], "0") || last["ENTRYPOINT"] != `["/annex"]` {
		t.Errorf("the last stage is %v; want the program alone, and a user", last)
	}
	var args []string
	if err := yaml.Unmarshal([]byte(last["CMD"]), &args); err != nil {
		t.Fatal(err)
	}
	if err := checkCommandLine(args); err != nil {
		t.Error(err)
	}
	if !strings.Contains(text, "./cmd/annex") {
		t.Error("it does not build ./cmd/annex")
	}
}

// object is what the test needs of the manifests.
type object struct {
	Kind     string
	Metadata struct{ Name string }
	Data     map[string]string
	Spec     struct {
		Replicas int
		Template struct {
			Spec struct {
				AutomountServiceAccountToken *bool `yaml:"automountServiceAccountToken"`
				SecurityContext              struct {
					RunAsNonRoot bool `yaml:"runAsNonRoot"`
					RunAsUser    int  `yaml:"runAsUser"`
				} `yaml:"securityContext"`
				Containers []struct {
					Args            []string
					Env             []struct{ Name string }
					SecurityContext struct {
						ReadOnlyRootFilesystem   bool  `yaml:"readOnlyRootFilesystem"`
						AllowPrivilegeEscalation *bool `yaml:"allowPrivilegeEscalation"`
						Capabilities             struct{ Drop []string }
					} `yaml:"securityContext"`
				}
			}
		}
	}
}

func TestDeployKubernetes(t *testing.T) {
	decoder := yaml.NewDecoder(bytes.NewReader(deployFile(t, "kubernetes.yaml")))
	found := map[string]object{}
	for {
		var o object
		if err := decoder.Decode(&o); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		found[o.Kind] = o
	}
	for _, kind := range []string{"ConfigMap", "Service", "StatefulSet", "NetworkPolicy"} {
		if found[kind].Metadata.Name != "annex" {
			t.Errorf("there is no %s named annex", kind)
		}
	}
	settings := filepath.Join(t.TempDir(), "annex.yaml")
	if err := os.WriteFile(settings, []byte(found["ConfigMap"].Data["annex.yaml"]), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := checkSettingsFile(settings); err != nil {
		t.Error(err)
	}
	set := found["StatefulSet"].Spec
	pod := set.Template.Spec
	if set.Replicas != 1 {
		t.Errorf("%d replicas: the store belongs to one process", set.Replicas)
	}
	if no := pod.AutomountServiceAccountToken; no == nil || *no || !pod.SecurityContext.RunAsNonRoot || pod.SecurityContext.RunAsUser == 0 || len(pod.Containers) != 1 {
		t.Fatalf("the pod is %+v; want no token of the cluster, no root, one container", pod)
	}
	c := pod.Containers[0]
	if no := c.SecurityContext.AllowPrivilegeEscalation; !c.SecurityContext.ReadOnlyRootFilesystem || no == nil || *no || !slices.Equal(c.SecurityContext.Capabilities.Drop, []string{"ALL"}) {
		t.Errorf("the container is %+v; want a read-only root and no privileges", c.SecurityContext)
	}
	if len(c.Env) != 1 || c.Env[0].Name != masterKeyVariable {
		t.Errorf("environment %v, want %s", c.Env, masterKeyVariable)
	}
	if err := checkCommandLine(c.Args); err != nil {
		t.Error(err)
	}
}
