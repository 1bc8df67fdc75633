//go:build unix

package worker_test

import (
	"os"
	"testing"

	"github.com/annexhost/annex/runtime/js"
	"github.com/annexhost/annex/runtime/sandbox"
	"github.com/annexhost/annex/runtime/sandbox/sandboxtest"
	"github.com/annexhost/annex/runtime/worker"
)

func TestMain(m *testing.M) {
	worker.Main(worker.Engines{
		"javascript": func(s worker.Setup) (sandbox.Engine, error) {
			return js.New(js.Config{API: sandboxtest.API(), Warm: -1, Crashed: s.Crashed})
		},
		"webassembly": newModules,
		"probe":       newProbeEngine,
		"liar":        newLiar,
	})
	if os.Getenv(hostVariable) != "" {
		actAsHost()
	}
	os.Exit(m.Run())
}

// newEngine returns an engine of workers, closed with the test.
func newEngine(t testing.TB, c worker.Config) *worker.Engine {
	t.Helper()
	c.Engine, c.Warm = "javascript", sandbox.Source{Name: "warm.js", Code: []byte("module.exports = async () => 1")}
	engine, err := worker.New(c)
	if err != nil {
		t.Fatal(err)
	}
	return engine
}

func TestConformance(t *testing.T) {
	sandboxtest.Run(t, func(t *testing.T, c sandboxtest.Config) sandbox.Engine {
		return newEngine(t, worker.Config{Crashed: func(c sandbox.Crash) {
			t.Logf("crash: %v\n%s", c.Value, c.Stack)
		}})
	}, sandboxtest.JavaScript())
}
