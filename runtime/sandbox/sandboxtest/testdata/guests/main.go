//go:build wasip1

// Command guests is the guests of sandboxtest in Go: one export for each.
package main

import (
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"strings"
	"time"

	"github.com/annexhost/annex/bridge/guest"
)

func body[T any](api *guest.API) (v T) {
	_ = json.Unmarshal(api.Request.Body, &v)
	return v
}

func value(v any) map[string]any { return map[string]any{"value": v} }

//go:wasmexport return_input
func returnInput() int32 {
	return guest.Handle(func(api *guest.API) (any, error) {
		return map[string]any{
			"request": map[string]any{"method": api.Request.Method, "body": api.Request.Body},
			"user":    map[string]any{"id": api.User.ID}, "config": api.Config,
		}, nil
	})
}

//go:wasmexport return_body
func returnBody() int32 {
	return guest.Handle(func(api *guest.API) (any, error) { return api.Request.Body, nil })
}

//go:wasmexport return_nothing
func returnNothing() int32 {
	return guest.Handle(func(*guest.API) (any, error) { return nil, nil })
}

//go:wasmexport return_string
func returnString() int32 {
	return guest.Handle(func(api *guest.API) (any, error) { return strings.Repeat("x", body[int](api)), nil })
}

//go:wasmexport return_bytes
func returnBytes() int32 {
	return guest.Handle(func(api *guest.API) (any, error) {
		return guest.Response{Status: 201, Headers: [][2]string{{"x-test", "1"}}, Body: api.Request.RawBody}, nil
	})
}

//go:wasmexport scribble
func scribble() int32 {
	return guest.Handle(func(api *guest.API) (any, error) { clear(api.Request.RawBody); return nil, nil })
}

//go:wasmexport return_later
func returnLater() int32 {
	return guest.Handle(func(api *guest.API) (any, error) {
		time.Sleep(5 * time.Millisecond)
		return api.Request.Body, nil
	})
}

func boom(api *guest.API) (any, error) {
	return nil, &guest.Error{Name: "TypeError", Message: "boom: " + body[string](api)}
}

//go:wasmexport throw
func throw() int32 { return guest.Handle(boom) }

//go:wasmexport throw_later
func throwLater() int32 {
	return guest.Handle(func(api *guest.API) (any, error) { time.Sleep(5 * time.Millisecond); return boom(api) })
}

//go:wasmexport wait_forever
func waitForever() int32 {
	return guest.Handle(func(*guest.API) (any, error) { select {} })
}

func calls(method string) int32 {
	return guest.Handle(func(api *guest.API) (any, error) {
		var answer json.RawMessage
		err := guest.Call(method, value(api.Request.Body), &answer)
		return answer, err
	})
}

//go:wasmexport call
func call() int32 { return calls("test.later") }

//go:wasmexport call_brief
func callBrief() int32 { return calls("test.brief") }

//go:wasmexport call_sync
func callSync() int32 { return calls("test.sync") }

func catches(method string) int32 {
	return guest.Handle(func(*guest.API) (any, error) {
		var e *guest.Error
		if !errors.As(guest.Call(method, value(1), nil), &e) {
			return "no error", nil
		}
		return map[string]any{"name": e.Name, "message": e.Message, "code": e.Code, "permission": e.Permission, "isError": true}, nil
	})
}

//go:wasmexport call_catch
func callCatch() int32 { return catches("test.later") }

//go:wasmexport sync_catch
func syncCatch() int32 { return catches("test.sync") }

//go:wasmexport call_many
func callMany() int32 {
	return guest.Handle(func(api *guest.API) (any, error) {
		n := 0
		for ; n < body[int](api); n++ {
			if err := guest.Call("test.brief", value(n), nil); err != nil {
				return nil, err
			}
		}
		return n, nil
	})
}

//go:wasmexport call_big
func callBig() int32 {
	return guest.Handle(func(api *guest.API) (any, error) {
		var e *guest.Error
		if errors.As(guest.Call("test.brief", value(strings.Repeat("x", body[int](api))), nil), &e) {
			return e.Code, nil
		}
		return "ok", nil
	})
}

//go:wasmexport call_bytes
func callBytes() int32 {
	return guest.Handle(func(*guest.API) (any, error) {
		var answer guest.Blob
		if err := guest.Call("test.later", value(guest.Attach([]byte{0, 1, 254, 255})), &answer); err != nil {
			return nil, err
		}
		var list []int
		for _, b := range answer.Bytes() {
			list = append(list, int(b))
		}
		return list, nil
	})
}

//go:wasmexport call_unknown
func callUnknown() int32 {
	return guest.Handle(func(*guest.API) (any, error) {
		if guest.Call("test.absent", value(1), nil) != nil {
			return "absent", nil
		}
		return "present", nil
	})
}

//go:wasmexport log
func log() int32 {
	return guest.Handle(func(api *guest.API) (any, error) {
		if err := api.Log.Info("one", nil); err != nil {
			return nil, err
		}
		return nil, api.Log.Error("two", nil)
	})
}

//go:wasmexport spin
func spin() int32 {
	for {
	}
}

//go:wasmexport sleep
func sleep() int32 { time.Sleep(time.Minute); return 0 }

//go:noinline
func deeper(n int) int { return deeper(n+1) + 1 }

//go:wasmexport recurse
func recurse() int32 { return int32(deeper(0)) }

//go:wasmexport work
func work() int32 {
	return guest.Handle(func(*guest.API) (any, error) {
		n := 0
		for i := range 3_000_000 {
			n += i % 7
		}
		return n > 0, nil
	})
}

var (
	visits   int
	visitors = map[string]int{}
	heap     = make([]int, 1<<16)
)

//go:wasmexport count
func count() int32 {
	return guest.Handle(func(*guest.API) (any, error) {
		visits++
		visitors["x"]++
		heap[len(heap)-1]++
		return max(visits, visitors["x"], heap[len(heap)-1]), nil
	})
}

//go:wasmexport chance
func chance() int32 {
	return guest.Handle(func(*guest.API) (any, error) {
		b := make([]byte, 16)
		if _, err := rand.Read(b); err != nil {
			return nil, err
		}
		return []any{time.Now().UnixMilli(), hex.EncodeToString(b)}, nil
	})
}

func main() {}
