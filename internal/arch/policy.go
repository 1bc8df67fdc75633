package arch

// Module is the import path of the repository.
const Module = "github.com/annexhost/annex"

// Rule says what a package may import beside the standard library. Test files
// may also import what Tests names.
type Rule struct {
	Ours   []string // packages below Module
	Others []string // third-party packages; a module's path allows what is below it
	Tests  []string // ours or others, for test files of the package only
}

const (
	goja    = "github.com/dop251/goja"
	badger  = "github.com/dgraph-io/badger/v4"
	esbuild = "github.com/evanw/esbuild"
	tink    = "github.com/tink-crypto/tink-go/v2"
	hclog   = "github.com/hashicorp/go-hclog"
	cobra   = "github.com/spf13/cobra"
	xnet    = "golang.org/x/net"
	xsys    = "golang.org/x/sys"
	xtext   = "golang.org/x/text"
	semver  = "github.com/Masterminds/semver/v3"
	keyring = "github.com/zalando/go-keyring"
	jose    = "github.com/go-jose/go-jose/v4"
	yaml    = "go.yaml.in/yaml/v3"
	wazero  = "github.com/tetratelabs/wazero"
	script  = "github.com/rogpeppe/go-internal"
)

// Policy is the import policy, in the order of dependency: a package imports
// only packages that stand above it.
var Policy = []struct {
	Package string
	Rule    Rule
}{
	// Vocabulary: these know nothing of ours.
	{"internal/arch", Rule{}},
	{"internal/atomicfile", Rule{}},
	{"internal/nesting", Rule{Tests: []string{goja, esbuild}}},
	{"internal/watch", Rule{Others: []string{"github.com/fsnotify/fsnotify"}}},
	{"permissions", Rule{Others: []string{xnet}}},
	{"storage/internal/gate", Rule{}},
	{"storage/internal/combine", Rule{}},
	{"storage", Rule{Ours: []string{"storage/internal/gate", "storage/internal/combine"}, Tests: []string{"storage/memstore", "storage/storagetest"}}},
	{"runtime/sandbox", Rule{}},

	// State.
	{"storage/storagetest", Rule{Ours: []string{"storage"}}},
	{"storage/internal/optimistic", Rule{Ours: []string{"storage"}}},
	{"storage/memstore", Rule{Ours: []string{"storage", "storage/internal/gate", "storage/internal/optimistic"}, Tests: []string{"storage/storagetest"}}},
	{"storage/badgerstore", Rule{Ours: []string{"storage", "storage/internal/gate", "storage/internal/combine", "storage/internal/optimistic"}, Others: []string{badger, hclog, xsys}, Tests: []string{"storage/storagetest"}}},
	{"secrets", Rule{Ours: []string{"storage"}, Others: []string{tink, keyring}, Tests: []string{"storage/memstore"}}},

	// Packages of extensions.
	{"runtime/manifest", Rule{Ours: []string{"permissions"}, Others: []string{semver}, Tests: []string{"github.com/santhosh-tekuri/jsonschema"}}},
	{"runtime/pack", Rule{Ours: []string{"permissions", "runtime/manifest"}}},
	{"runtime/signing", Rule{Ours: []string{"runtime/manifest", "runtime/pack"}}},
	{"runtime/bundle", Rule{Ours: []string{"internal/nesting"}, Others: []string{esbuild}, Tests: []string{goja, xsys, "github.com/go-sourcemap/sourcemap"}}},

	// Engines know only the wall.
	{"runtime/wasm/binary", Rule{Tests: []string{wazero}}},
	{"runtime/sandbox/sandboxtest", Rule{Ours: []string{"runtime/sandbox", "runtime/wasm/binary"}}},
	{"runtime/sandbox/sandboxtest/attacks", Rule{Ours: []string{"runtime/sandbox"}}},
	{"runtime/sandbox/sandboxtest/corpus", Rule{Ours: []string{"runtime/sandbox", "runtime/sandbox/sandboxtest/attacks"}}},
	{"runtime/js", Rule{
		Ours:   []string{"runtime/sandbox", "internal/nesting"},
		Others: []string{goja, "github.com/go-sourcemap/sourcemap", "github.com/nlnwa/whatwg-url", xtext},
		Tests:  []string{"runtime/sandbox/sandboxtest", "runtime/bundle"},
	}},
	{"runtime/wasm", Rule{
		Ours:   []string{"internal/atomicfile", "runtime/sandbox", "runtime/wasm/binary"},
		Others: []string{wazero, xsys},
		Tests:  []string{"runtime/sandbox/sandboxtest"},
	}},
	{"runtime/worker/jail", Rule{Others: []string{xsys, "github.com/landlock-lsm/go-landlock"}}},
	{"runtime/doctor", Rule{Ours: []string{"runtime/worker/jail"}, Others: []string{xsys}}},
	{"runtime/worker", Rule{
		Ours:   []string{"runtime/sandbox", "runtime/worker/jail"},
		Others: []string{xsys},
		Tests:  []string{"runtime/sandbox/sandboxtest", "runtime/js", "runtime/wasm", "runtime/wasm/binary"},
	}},

	// The bridge knows no engine.
	{"bridge/egress", Rule{Ours: []string{"permissions"}, Others: []string{xnet}}},
	{"bridge", Rule{
		Ours:  []string{"permissions", "storage", "secrets", "runtime/sandbox", "bridge/egress"},
		Tests: []string{"bridge/bridgetest", "storage/memstore", "runtime/js"},
	}},
	{"bridge/guest", Rule{}},
	{"bridge/gen", Rule{Ours: []string{"bridge", "permissions"}}},
	{"bridge/bridgetest", Rule{Ours: []string{"permissions", "storage", "storage/memstore", "secrets", "runtime/sandbox", "bridge", "bridge/egress"}}},

	// The corpus of attacks, with engines and a bridge.
	{"runtime/sandbox/sandboxtest/report", Rule{Ours: []string{
		"permissions", "storage", "storage/memstore", "secrets", "bridge", "bridge/bridgetest", "bridge/egress",
		"runtime/sandbox", "runtime/sandbox/sandboxtest/attacks", "runtime/sandbox/sandboxtest/corpus", "runtime/js", "runtime/wasm", "runtime/worker",
	}}},

	// The host and what it is made of.
	{"runtime/registry", Rule{Ours: []string{"permissions", "storage", "runtime/manifest", "runtime/pack"}, Tests: []string{"storage/memstore"}}},
	{"runtime/recording", Rule{Ours: []string{"storage", "runtime/sandbox"}, Tests: []string{"storage/memstore"}}},
	{"runtime/admission", Rule{Ours: []string{"runtime/sandbox"}}},
	{"runtime/backup", Rule{Ours: []string{"storage"}, Tests: []string{"storage/memstore"}}},
	{"runtime/dataformat", Rule{Ours: []string{"storage"}, Tests: []string{"storage/memstore"}}},
	{"runtime/identity", Rule{Ours: []string{"storage"}, Others: []string{jose, hclog}, Tests: []string{"storage/memstore"}}},
	{"runtime/keyspace", Rule{Ours: []string{"storage"}}},
	{"runtime/logs", Rule{Ours: []string{"storage"}, Tests: []string{"storage/memstore"}}},
	{"runtime/audit", Rule{Ours: []string{"storage"}, Tests: []string{"storage/memstore", "storage/badgerstore"}}},
	{"runtime", Rule{
		Ours: []string{
			"permissions", "storage", "secrets", "bridge", "bridge/egress", "runtime/sandbox", "runtime/manifest",
			"runtime/pack", "runtime/wasm/binary", "runtime/signing", "runtime/bundle", "runtime/registry", "runtime/recording", "runtime/admission", "runtime/audit", "runtime/logs", "runtime/keyspace",
		},
		Others: []string{hclog},
		Tests:  []string{"runtime/standard", "storage/memstore", "runtime/js", "runtime/identity", "runtime/backup"},
	}},
	{"runtime/httpapi", Rule{
		Ours:   []string{"bridge", "runtime", "runtime/identity", "runtime/sandbox"},
		Others: []string{hclog},
		Tests:  []string{"permissions", "storage/memstore", script},
	}},
	{"runtime/httpapi/admin", Rule{
		Ours: []string{
			"permissions", "storage", "secrets", "runtime", "runtime/sandbox", "runtime/manifest", "runtime/pack", "runtime/registry",
			"runtime/audit", "runtime/identity", "runtime/recording", "runtime/httpapi", "bridge", "runtime/logs",
		},
		Others: []string{hclog},
		Tests:  []string{"runtime/standard", "runtime/signing"},
	}},
	{"runtime/metrics", Rule{Ours: []string{"bridge/egress", "runtime"}, Others: []string{"github.com/prometheus/client_golang"}, Tests: []string{"bridge"}}},

	// These choose implementations.
	{"runtime/standard", Rule{
		Ours: []string{
			"permissions", "storage", "storage/memstore", "storage/badgerstore", "secrets", "bridge", "bridge/egress",
			"runtime", "runtime/sandbox", "runtime/js", "runtime/wasm", "runtime/worker", "runtime/worker/jail", "runtime/doctor", "runtime/manifest", "runtime/audit", "runtime/bundle", "runtime/identity", "runtime/pack", "runtime/registry",
			"runtime/backup", "runtime/dataformat", "runtime/logs",
		},
		Others: []string{hclog},
		Tests:  []string{"runtime/keyspace"},
	}},
	// For authors of extensions.
	{"internal/exttest", Rule{Ours: []string{
		"permissions", "storage", "secrets", "bridge", "bridge/egress", "runtime", "runtime/sandbox", "runtime/manifest",
		"runtime/pack", "runtime/bundle", "runtime/js", "runtime/httpapi", "runtime/standard",
	}}},
	{"internal/check", Rule{
		Ours: []string{
			"permissions", "bridge", "runtime", "runtime/sandbox", "runtime/manifest", "runtime/pack", "runtime/bundle", "runtime/js", "runtime/wasm", "runtime/wasm/binary", "internal/exttest",
		},
		Others: []string{goja + "/ast", goja + "/file", goja + "/parser", goja + "/token", "github.com/go-sourcemap/sourcemap"},
	}},
	{"internal/gobuild", Rule{Ours: []string{"internal/atomicfile", "runtime/bundle", "runtime/manifest"}}},
	{"internal/scaffold", Rule{Ours: []string{"bridge", "internal/exttest", "runtime/manifest"}, Tests: []string{"internal/gobuild", "runtime/pack"}}},

	{"cmd/annex", Rule{
		Ours: []string{
			"internal/atomicfile", "internal/check", "internal/exttest", "internal/gobuild", "internal/scaffold", "runtime/signing",
			"internal/watch",
			"permissions", "storage", "secrets", "bridge", "bridge/egress", "runtime", "runtime/sandbox",
			"runtime/manifest", "runtime/pack", "runtime/audit", "runtime/identity", "runtime/registry", "runtime/admission", "runtime/httpapi", "runtime/httpapi/admin", "runtime/metrics", "runtime/doctor", "runtime/recording", "runtime/standard", "runtime/bundle", "runtime/backup", "runtime/logs",
		},
		Others: []string{cobra, "github.com/spf13/pflag", hclog, yaml, "golang.org/x/term"},
		Tests:  []string{"runtime/wasm/binary", script, "github.com/creack/pty"},
	}},
}
