package bench

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/dop251/goja"
	extism "github.com/extism/go-sdk"
	"github.com/tetratelabs/wazero"

	"github.com/annexhost/annex/runtime/sandbox"
	"github.com/annexhost/annex/runtime/sandbox/sandboxtest"
	"github.com/annexhost/annex/runtime/wasm"
	"github.com/annexhost/annex/runtime/wasm/binary"
)

// readyMade reads a guest that go-sdk ships.
func readyMade(tb testing.TB, name string) []byte {
	tb.Helper()
	out, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/extism/go-sdk").Output()
	must(tb, err)
	code, err := os.ReadFile(filepath.Join(string(bytes.TrimSpace(out)), "wasm", name+".wasm"))
	must(tb, err)
	return code
}

func wasmProgram(tb testing.TB, c wasm.Config, code []byte, export string) sandbox.Program {
	tb.Helper()
	e, err := wasm.New(c)
	must(tb, err)
	p, err := e.Compile(context.Background(), sandbox.Source{Name: "guest.wasm", Code: code, Export: export})
	must(tb, err)
	tb.Cleanup(func() { must(tb, p.Close()); must(tb, e.Close()) })
	return p
}

func peer(tb testing.TB, code []byte) *extism.CompiledPlugin {
	tb.Helper()
	manifest := extism.Manifest{Wasm: []extism.Wasm{extism.WasmData{Data: code, Name: "main"}}}
	p, err := extism.NewCompiledPlugin(context.Background(), manifest, extism.PluginConfig{EnableWasi: true}, nil)
	must(tb, err)
	tb.Cleanup(func() { must(tb, p.Close(context.Background())) })
	return p
}

// garbage is what one call of f allocates, in bytes.
func garbage(f func()) float64 {
	const n = 200
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for range n {
		f()
	}
	runtime.ReadMemStats(&after)
	return float64(after.TotalAlloc-before.TotalAlloc) / n
}

func TestWasmWarmCall(t *testing.T) {
	code := readyMade(t, "count_vowels")
	program := wasmProgram(t, wasm.Config{}, code, "count_vowels")
	plugin, err := peer(t, code).Instance(context.Background(), extism.PluginInstanceConfig{})
	must(t, err)
	input := sandbox.Invocation{Input: sandbox.Payload{JSON: []byte("hello world")}}
	ours := func() {
		out, err := program.Run(context.Background(), input, nil)
		must(t, err)
		if !json.Valid(out.Result.JSON) {
			t.Fatal(string(out.Result.JSON))
		}
	}
	theirs := func() {
		_, _, err := plugin.Call("count_vowels", []byte("hello world"))
		must(t, err)
	}
	seen := compare(15, side{n: 300, run: timed(ours)}, side{n: 60, run: timed(theirs)})
	ratio := seen.ratio(1, 0)
	bar("warm `count_vowels`, fresh state each time, against go-sdk with reused state", "10 times faster",
		fmt.Sprintf("%.1f times: %s", ratio, seen.against(0, 1, short)), ratio >= 10)
	kb := garbage(ours) / 1024
	bar("garbage of that call", "under 10 KB", fmt.Sprintf("%.1f KB against %.1f KB", kb, garbage(theirs)/1024), kb < 10)
}

func TestWasmFreshGoGuest(t *testing.T) {
	code := readyMade(t, "fs_std")
	program := wasmProgram(t, wasm.Config{}, code, "run_test")
	compiled := peer(t, code)
	seen := compare(9, side{n: 30, run: timed(func() {
		// It looks for a file, which does not exist, and says so.
		if _, err := program.Run(context.Background(), sandbox.Invocation{}, nil); err == nil {
			t.Fatal("there is a file")
		}
	})}, side{n: 3, run: timed(func() {
		p, err := compiled.Instance(context.Background(), extism.PluginInstanceConfig{})
		must(t, err)
		_, _, _ = p.Call("run_test", nil)
		must(t, p.Close(context.Background()))
	})})
	ratio := seen.ratio(1, 0)
	bar("fresh invocation of a Go guest of 2.3 MB, against InstantiateModule with `_initialize`", "20 times faster",
		fmt.Sprintf("%.1f times: %s", ratio, seen.against(0, 1, short)), ratio >= 20)
}

// rounds is the loop that is measured: as many turns, each a multiplication and
// an addition.
const rounds = 20_000_000

func tightLoop() []byte {
	m := &binary.Module{}
	c := binary.Code{}
	c.Loop().Get(1).I64(6364136223846793005).Op(0x7e).I64(1442695040888963407).Op(binary.I64Add).Set(1)
	c.Get(0).I64(1).Op(binary.I64Add).Tee(0).I64(rounds).Op(binary.I64LtU).BrIf(0).End().End()
	m.AddExport("handler", binary.KindFunc, m.AddFunc(binary.FuncType{}, []byte{binary.I64, binary.I64}, c))
	return m.Encode()
}

func plainWazero(t *testing.T, code []byte, close bool) func() {
	ctx := context.Background()
	r := wazero.NewRuntimeWithConfig(ctx, wazero.NewRuntimeConfig().WithCloseOnContextDone(close))
	t.Cleanup(func() { must(t, r.Close(ctx)) })
	m, err := r.Instantiate(ctx, code)
	must(t, err)
	f := m.ExportedFunction("handler")
	return func() {
		limited, cancel := context.WithTimeout(ctx, time.Minute)
		defer cancel()
		_, err := f.Call(limited)
		must(t, err)
	}
}

func TestWasmTightLoop(t *testing.T) {
	code := tightLoop()
	program := wasmProgram(t, wasm.Config{}, code, "")
	vm := goja.New()
	script := goja.MustCompile("loop.js", "(() => { let a = 0; for (let i = 0; i < "+strconv.Itoa(rounds/100)+"; i++) a = Math.imul(a, 1103515245) + 12345 | 0; return a })()", true)
	seen := compare(9,
		side{n: 1, run: timed(func() { _, err := program.Run(context.Background(), sandbox.Invocation{}, nil); must(t, err) })},
		side{n: 1, run: timed(plainWazero(t, code, false))},
		side{n: 1, run: timed(plainWazero(t, code, true))},
		side{n: 1, run: timed(func() { _, err := vm.RunProgram(script); must(t, err) })})
	bar("tight loop with fuel, against none", "at most 3 times slower", fmt.Sprintf("%.2f times: %s", seen.ratio(0, 1), seen.against(0, 1, short)), seen.ratio(0, 1) <= 3)
	bar("tight loop with fuel, against WithCloseOnContextDone(true)", "5 times faster", fmt.Sprintf("%.1f times: %s", seen.ratio(2, 0), seen.against(0, 2, short)), seen.ratio(2, 0) >= 5)
	bar("the same work, against goja", "", fmt.Sprintf("%.0f times faster", 100*seen.ratio(3, 0)), true)
}

// TestWasmDeadline is how long after its deadline a guest has stopped and its
// caller has the answer.
func TestWasmDeadline(t *testing.T) {
	const wall, times = 30 * time.Millisecond, 9
	guests := sandboxtest.Endless()
	for _, name := range slices.Sorted(maps.Keys(guests)) {
		program := wasmProgram(t, wasm.Config{API: sandboxtest.EndlessAPI}, guests[name], "")
		var late []time.Duration
		for range times {
			began := time.Now()
			_, err := program.Run(context.Background(), sandbox.Invocation{Limits: sandbox.Limits{Wall: wall}},
				func(ctx context.Context, _ string, _ sandbox.Payload) (sandbox.Payload, error) {
					<-ctx.Done()
					return sandbox.Payload{}, ctx.Err()
				})
			late = append(late, time.Since(began)-wall)
			if !errors.Is(err, &sandbox.Error{Code: sandbox.Timeout, Reason: sandbox.ReasonWall}) {
				t.Fatalf("%s: got %v, want a timeout", name, err)
			}
		}
		bar("from the deadline to stopped: "+name, "under 20 ms",
			fmt.Sprintf("%s (at best %s, at worst %s)", short(median(late)), short(slices.Min(late)), short(slices.Max(late))), median(late) < 20*time.Millisecond)
	}
}

// TestWasmIdleGuests has a thousand instances of a guest of 3 MB at once, and
// looks at what they take when they are idle.
func TestWasmIdleGuests(t *testing.T) {
	const n = 1000
	m := &binary.Module{Memories: []binary.Limits{{Min: 48}}}
	wait := m.AddImport("extism:host/user", "test_wait", binary.FuncType{Params: []byte{binary.I64}, Results: []byte{binary.I64}})
	m.AddData(0, bytes.Repeat([]byte("annex"), 600_000))
	c := binary.Code{}
	for page := range int32(40) { // it writes here and there
		c.I32(page<<16).I64(1).Access(binary.StoreI64, 0)
	}
	c.I64(0).Call(wait).Op(binary.Drop).End()
	m.AddExport("handler", binary.KindFunc, m.AddFunc(binary.FuncType{}, nil, c))
	program := wasmProgram(t, wasm.Config{API: sandboxtest.EndlessAPI, Idle: n}, m.Encode(), "")
	before, ok := privateBytes()
	if !ok {
		t.Skip("the system does not say what a process has for itself")
	}
	var all, here sync.WaitGroup
	here.Add(n)
	patient := sandbox.Limits{Wall: 10 * time.Minute, CPU: 10 * time.Minute} // they wait for each other
	for range n {
		all.Go(func() {
			_, err := program.Run(context.Background(), sandbox.Invocation{Limits: patient}, func(context.Context, string, sandbox.Payload) (sandbox.Payload, error) {
				here.Done()
				here.Wait()
				return sandbox.Payload{}, nil
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	runtime.GC()
	after, _ := privateBytes()
	each := float64(after-before) / n / 1024
	bar("1,000 warm guests of 3 MB, private memory each when idle", "under 300 KB", fmt.Sprintf("%.0f KB", each), each < 300)
}

// privateBytes is the memory that the process shares with nobody.
func privateBytes() (int64, bool) {
	data, err := os.ReadFile("/proc/self/smaps_rollup")
	if err != nil {
		return 0, false
	}
	var sum int64
	for _, line := range bytes.Split(data, []byte("\n")) {
		var kb int64
		for _, name := range []string{"Private_Clean:", "Private_Dirty:"} {
			if n, _ := fmt.Sscanf(string(line), name+" %d kB", &kb); n == 1 {
				sum += kb << 10
			}
		}
	}
	return sum, true
}
