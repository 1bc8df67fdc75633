//go:build wasip1

// Command src is the handlers of the example counter-wasm.
package main

import "github.com/annexhost/annex/bridge/guest"

//go:wasmexport increment
func increment() int32 {
	return guest.Handle(func(api *guest.API) (any, error) {
		count, err := api.Storage.Increment("count:"+api.Request.Params["name"], nil)
		if err != nil {
			return nil, err
		}
		return map[string]any{"name": api.Request.Params["name"], "count": count}, nil
	})
}

//go:wasmexport read
func read() int32 {
	return guest.Handle(func(api *guest.API) (any, error) {
		value, err := api.Storage.Get("count:" + api.Request.Params["name"])
		if err != nil {
			return nil, err
		}
		if value == nil || string(value) == "null" {
			return guest.Fail("nobody has counted "+api.Request.Params["name"], 404), nil
		}
		return map[string]any{"name": api.Request.Params["name"], "count": value}, nil
	})
}

func main() {}
