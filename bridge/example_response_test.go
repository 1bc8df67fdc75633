package bridge_test

import (
	"fmt"

	"github.com/annexhost/annex/bridge"
	"github.com/annexhost/annex/runtime/sandbox"
)

// A handler returns anything; what leaves is an answer with fields from a list.
func ExampleParseResult() {
	for _, result := range []string{
		`{"type":"json","data":{"id":7},"status":201}`,
		`{"type":"annex.response","status":200,"headers":[["etag","\"1\""],["set-cookie","a=b"]],"body":"hi"}`,
		`{"type":"json","data":{},"status":99}`,
	} {
		answer, err := bridge.ParseResult(sandbox.Payload{JSON: []byte(result)}, 6<<20)
		if err != nil {
			fmt.Println(err)
			continue
		}
		fmt.Printf("%d %v %s, dropped %v\n", answer.Status, answer.Header, answer.Body, answer.Dropped)
	}
	// Output:
	// 201 [[content-type application/json]] {"id":7}, dropped []
	// 200 [[etag "1"] [content-type text/plain; charset=utf-8]] hi, dropped [set-cookie]
	// the handler's result cannot be sent: status must be an integer from 200 to 599, got "99"
}
