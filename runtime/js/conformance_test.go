package js_test

import (
	"testing"

	"github.com/annexhost/annex/runtime/js"
	"github.com/annexhost/annex/runtime/sandbox"
	"github.com/annexhost/annex/runtime/sandbox/sandboxtest"
)

func TestConformance(t *testing.T) {
	for name, warm := range map[string]int{"cold": -1, "warm": 2} {
		t.Run(name, func(t *testing.T) {
			sandboxtest.Run(t, func(t *testing.T, c sandboxtest.Config) sandbox.Engine {
				engine, err := js.New(js.Config{API: c.API, Warm: warm, Crashed: func(c sandbox.Crash) {
					t.Logf("crash: %v\n%s", c.Value, c.Stack)
				}})
				if err != nil {
					t.Fatal(err)
				}
				return engine
			}, sandboxtest.JavaScript())
		})
	}
}
