package examples

import (
	"bytes"
	"image"
	"image/color"
	"image/png"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/annexhost/annex/runtime/standard"
)

// build copies an example to a directory of the test's and builds its module
// there, with the toolchain that runs the test. It returns the copy.
func build(t *testing.T, example, module string) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), example)
	if err := os.CopyFS(dir, os.DirFS(example)); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("go", "build", "-buildmode=c-shared", "-ldflags=-s -w", "-o", filepath.Join(dir, "server", module), "./"+example+"/src")
	cmd.Env = append(os.Environ(), "GOOS=wasip1", "GOARCH=wasm", "GOFLAGS=")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return dir
}

func TestCounterWasm(t *testing.T) {
	a := openFrom(t, "counter-wasm", build(t, "counter-wasm", "counter.wasm"), standard.Options{})
	a.call("GET", "count/visits", nil).want(t, 404, "error", "nobody has counted visits")
	for n := 1; n <= 3; n++ {
		a.call("POST", "count/visits", nil).want(t, 200, "name", "visits", "count", float64(n))
	}
	a.call("POST", "count/other", nil).want(t, 200, "count", 1.0)
	a.call("GET", "count/visits", nil).want(t, 200, "count", 3.0)
}

func TestThumbnail(t *testing.T) {
	a := openFrom(t, "thumbnail", build(t, "thumbnail", "thumbnail.wasm"), standard.Options{})
	photo := image.NewRGBA(image.Rect(0, 0, 300, 200))
	for x := range 300 {
		for y := range 200 {
			photo.Set(x, y, color.RGBA{uint8(x), uint8(y), 100, 255})
		}
	}
	var sent bytes.Buffer
	if err := png.Encode(&sent, photo); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		request, err := http.NewRequest("POST", a.url+"scale/60", bytes.NewReader(sent.Bytes()))
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("Authorization", "Bearer "+a.token)
		request.Header.Set("Content-Type", "image/png")
		reply, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		small, err := png.Decode(reply.Body)
		reply.Body.Close()
		if err != nil || reply.StatusCode != 200 {
			t.Fatalf("got status %d, %v", reply.StatusCode, err)
		}
		if got := small.Bounds(); got != image.Rect(0, 0, 60, 40) {
			t.Errorf("got %v, want 60 by 40 pixels", got)
		}
		if r, g, _, _ := small.At(30, 20).RGBA(); r>>8 < 148 || r>>8 > 158 || g>>8 < 98 || g>>8 > 108 {
			t.Errorf("the middle is %d, %d, want about 152, 102", r>>8, g>>8)
		}
	}
	a.call("POST", "scale/9999", nil).want(t, 400, "error", "the width is 1 to 512 pixels")
	a.call("POST", "scale/60", map[string]any{}).want(t, 400, "error", "send a PNG or JPEG of up to 4 million pixels")
}
