// Package js is the JavaScript engine: it runs handlers on goja, each
// invocation in a realm (a runtime with its own globals and prototypes) that no
// other invocation has touched.
//
// A realm is made ahead of the request where that is possible: the globals, the
// api object and the author's module are ready in a few single-use realms for
// each program in use, so that a request pays for its handler only.
//
// What crosses the border is text: the input, arguments and results are JSON
// that is made inside the realm, under the invocation's limits, by functions
// that the author's code cannot replace. No Go value is reachable from a realm,
// and no object of a realm is looked at after its deadline.
//
// The clock and the randomness of an invocation are what its handler sees; code
// at the top of a module runs before there is an invocation, and sees the
// host's. Timers run on the machine's clock in any case: under a fake clock a
// handler waits as long as its timers say.
//
// The engine runs in the process of its caller. That is a guard against
// mistakes, not against attacks: goja cannot be stopped inside a built-in
// function and has no limit of memory, so [sandbox.Limits.Memory] is not
// enforced here, and a stranger's code can end the process. Run strangers' code
// in a process of its own.
//
// Regular expressions with backreferences or lookaround are matched by regexp2,
// whose time limit is a variable of that package. The engine leaves it alone: a
// match that times out counts as "no match" in goja, which is worse in a
// validation than a handler that runs into its limit. A process that runs
// nothing else may set it.
package js
