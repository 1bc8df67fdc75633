package js_test

import (
	"context"
	"fmt"

	"github.com/annexhost/annex/runtime/js"
	"github.com/annexhost/annex/runtime/sandbox"
)

// A handler calls out of its sandbox once. Whoever runs it decides what the call
// does.
func ExampleEngine() {
	engine, err := js.New(js.Config{API: sandbox.API{{Name: "storage.get", Params: []string{"key"}}}})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer engine.Close()

	program, err := engine.Compile(context.Background(), sandbox.Source{
		Name: "acme.notes/server/count.js",
		Code: []byte(`
			module.exports = async ({ storage, request, response }) => {
				const count = await storage.get(request.params.name)
				return response.json({ count: count + 1 })
			}`),
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer program.Close()

	input := sandbox.Payload{JSON: []byte(`{"request": {"params": {"name": "visits"}}}`)}
	out, err := program.Run(context.Background(), sandbox.Invocation{Input: input},
		func(_ context.Context, method string, args sandbox.Payload) (sandbox.Payload, error) {
			fmt.Println(method, string(args.JSON))
			return sandbox.Payload{JSON: []byte("41")}, nil
		})
	fmt.Println(string(out.Result.JSON), err)
	// Output:
	// storage.get {"key":"visits"}
	// {"type":"json","data":{"count":42},"status":200} <nil>
}
