package sandbox

// API lists the methods that a guest may call, so that an engine can build the
// object (or the host functions) that a guest sees. It is made from the one
// table of the bridge. What is not in the list does not exist for a guest; what
// is in the list is still checked by the [Caller] on every call.
type API []Method

// Method is one callable name.
type Method struct {
	// Name is dotted: "storage.get" becomes api.storage.get.
	Name string

	// Params are the names of the positional arguments in JavaScript. They are
	// sent as one JSON object; absent and undefined ones are left out. An argument
	// that is itself an ArrayBuffer or a view of one is sent as a blob; bytes
	// deeper inside are what JSON makes of them.
	Params []string

	// Sync methods return or throw at once; the others return a promise.
	Sync bool

	// Brief calls answer in microseconds and never wait for anything outside
	// the machine: an engine may run them on its own thread although they
	// return a promise.
	Brief bool

	// Local calls wait for this machine alone, its disk say, and soon answer: an
	// engine that has nothing else to do may make one on its own thread.
	Local bool

	// JS, when not empty, is the source of a JavaScript function expression
	// (call, params) => function: it receives the plain method and the names of
	// its parameters, and returns the function that the author sees. It runs in
	// the realm when the author first touches the method, so it may meet built-ins
	// that the author has changed: it is for comfort, and decides nothing.
	JS string
}
