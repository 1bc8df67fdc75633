package sandboxtest

import "github.com/annexhost/annex/runtime/sandbox"

// Guest names a handler that the suite needs, by what it does. request.body is
// the body of the input that it is given.
type Guest string

// The guests. "Awaits" and "at the same time" mean whatever concurrency the
// guest's language has; a guest that has none is Missing.
const (
	ReturnInput   Guest = "return input"   // returns {request, user, config} as it got them
	ReturnBody    Guest = "return body"    // returns request.body
	ReturnNothing Guest = "return nothing" // returns nothing
	ReturnString  Guest = "return string"  // returns a string of request.body letters "x"
	ReturnBytes   Guest = "return bytes"   // returns a response of status 201 with header x-test: 1 and the request's raw body as its body
	Scribble      Guest = "scribble"       // overwrites the request's raw body with zeros
	ReturnLater   Guest = "return later"   // waits a few milliseconds, then returns request.body

	Throw        Guest = "throw"          // throws an error of class TypeError with the message "boom: " + request.body
	ThrowLater   Guest = "throw later"    // the same after waiting a few milliseconds
	ThrowOnLoad  Guest = "throw on load"  // throws "boom" while it is loaded
	RejectLoose  Guest = "reject loose"   // starts something that fails with "loose", does not look at it, and returns later
	WaitForever  Guest = "wait forever"   // waits for something that nothing can make happen
	NotAFunction Guest = "not a function" // its handler is not a function

	Call        Guest = "call"         // calls test.later({value: request.body}) and returns the result
	CallBrief   Guest = "call brief"   // calls test.brief the same way
	CallSync    Guest = "call sync"    // calls test.sync the same way
	CallCatch   Guest = "call catch"   // calls test.later, and returns {name, message, code, permission} of the error that it fails with
	SyncCatch   Guest = "sync catch"   // the same with test.sync
	CallAll     Guest = "call all"     // calls test.later request.body times at the same time and returns how many answers there were
	CallMany    Guest = "call many"    // calls test.brief request.body times one after the other and returns how many answers there were
	CallBig     Guest = "call big"     // calls test.brief with a string of request.body letters and returns the code of the error, or "ok"
	CallBytes   Guest = "call bytes"   // calls test.later with the bytes 0, 1, 254, 255, and returns the bytes that come back as a list
	CallLeave   Guest = "call leave"   // calls test.later and returns "left" without waiting
	CallUnknown Guest = "call unknown" // tries to call test.absent, and returns "absent" if there is no such thing
	Log         Guest = "log"          // writes the lines "one" (info), "two" (error) to its log

	Spin    Guest = "spin"    // runs for ever
	Sleep   Guest = "sleep"   // waits a minute, using no CPU
	Recurse Guest = "recurse" // calls itself for ever
	Work    Guest = "work"    // computes for some milliseconds, then returns

	Count  Guest = "count"  // counts in every place that could outlive an invocation, and returns the highest count: 1 in a fresh sandbox
	Chance Guest = "chance" // returns [the time in milliseconds since 1970, a random number, a random UUID or the like]
)

// The methods of the API that the guests call.
const (
	methodLater = "test.later"
	methodBrief = "test.brief"
	methodSync  = "test.sync"
	methodInfo  = "log.info"
	methodError = "log.error"
)

// API is what the guests call. Each method of test takes "value".
func API() sandbox.API {
	return sandbox.API{
		{Name: methodLater, Params: []string{"value"}},
		{Name: methodBrief, Params: []string{"value"}, Brief: true},
		{Name: methodSync, Params: []string{"value"}, Sync: true},
		{Name: methodInfo, Params: []string{"message", "fields"}, Sync: true},
		{Name: methodError, Params: []string{"message", "fields"}, Sync: true},
	}
}
