package examples

import (
	"testing"

	"github.com/annexhost/annex/runtime/standard"
)

func TestHello(t *testing.T) {
	a := open(t, "hello", standard.Options{})
	a.call("GET", "greet/Ada", nil).want(t, 200, "message", "Hello, Ada!", "from", "ada@example.com")
	a.call("GET", "greet/Zo%C3%AB%20B", nil).want(t, 200, "message", "Hello, Zoë B!")
	a.call("GET", "greet", nil).want(t, 404, "error", "NOT_FOUND")
	a.call("POST", "greet/Ada", nil).want(t, 405)
}
