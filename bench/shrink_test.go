package bench

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/dop251/goja"

	"github.com/annexhost/annex/runtime/sandbox"
	"github.com/annexhost/annex/runtime/wasm"
)

// shrinkScript is testdata/shrink in JavaScript, line by line: it draws an
// image, scales it down as examples/thumbnail does, and sums the result.
const shrinkScript = `(() => {
  const width = 480, height = 320, small = 96
  const source = new Uint8Array(width * height * 4)
  let seed = 1
  for (let i = 0; i < source.length; i++) {
    seed = (Math.imul(seed, 1103515245) + 12345) >>> 0
    source[i] = seed >>> 24
  }
  const span = (i, n, all) => {
    const from = Math.floor(i * all / n)
    return [from, Math.max(Math.floor((i + 1) * all / n), from + 1)]
  }
  const rows = Math.floor(height * small / width)
  let check = 0
  for (let y = 0; y < rows; y++) {
    const [top, bottom] = span(y, rows, height)
    for (let x = 0; x < small; x++) {
      const [left, right] = span(x, small, width)
      let r = 0, g = 0, b = 0, a = 0
      for (let sy = top; sy < bottom; sy++) {
        for (let sx = left; sx < right; sx++) {
          const at = (sy * width + sx) * 4
          r += source[at]; g += source[at + 1]; b += source[at + 2]; a += source[at + 3]
        }
      }
      const n = (bottom - top) * (right - left)
      for (const sum of [r, g, b, a]) check = (Math.imul(check, 31) + Math.floor(sum / n)) >>> 0
    }
  }
  return check
})()`

// shrinkGuest builds testdata/shrink with the toolchain that runs the test.
func shrinkGuest(t *testing.T) []byte {
	t.Helper()
	file := filepath.Join(t.TempDir(), "shrink.wasm")
	cmd := exec.Command("go", "build", "-buildmode=c-shared", "-ldflags=-s -w", "-o", file, "./testdata/shrink")
	cmd.Env = append(os.Environ(), "GOOS=wasip1", "GOARCH=wasm", "GOFLAGS=", "GOWORK=off")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	code, err := os.ReadFile(file)
	must(t, err)
	return code
}

// TestWasmShrink is work for the CPU as the example thumbnail has it, in Go
// compiled to WebAssembly and in JavaScript. Both must come to the same sum.
func TestWasmShrink(t *testing.T) {
	program := wasmProgram(t, wasm.Config{}, shrinkGuest(t), "shrink")
	script := goja.MustCompile("shrink.js", shrinkScript, true)
	var ours, theirs float64
	seen := compare(7, side{n: 3, run: timed(func() {
		out, err := program.Run(context.Background(), sandbox.Invocation{}, nil)
		must(t, err)
		must(t, json.Unmarshal(out.Result.JSON, &ours))
	})}, side{n: 1, run: timed(func() {
		value, err := goja.New().RunProgram(script)
		must(t, err)
		theirs = value.ToFloat()
	})})
	if ours != theirs || ours == 0 {
		t.Fatalf("the guest comes to %v, goja to %v", ours, theirs)
	}
	bar("an image of 480 by 320 scaled to 96, Go in WebAssembly against goja", "",
		fmt.Sprintf("%.0f times faster: %s", seen.ratio(1, 0), seen.against(0, 1, short)), true)
}
