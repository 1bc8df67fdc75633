// Package worker runs any [sandbox.Engine] in child processes. [New] returns an
// engine whose programs run elsewhere: code of strangers, which can hang inside
// a native function or end a process by one line, then ends a process that holds
// nothing of anyone else.
//
// # Processes
//
// A worker is the same program started again. [Main], called first in main,
// turns such a process into a worker and does not return; in any other process
// it returns at once. A worker that has run an invocation of a tenant runs no
// other tenant's, ever; spares that have run nothing wait to become somebody's.
// The host ends a worker that does not keep a limit, from outside, and the
// invocation that is guilty is answered as an engine in process would have.
// On Linux a process of its own, the nursery, starts them: how large the host is
// makes no difference then.
//
// # Wire
//
// A worker has one control socket, and a pair of pipes for each invocation that
// runs in it at the same time, a lane. On a lane both sides read only when they have
// nothing else to do, on the goroutine that needs the answer, so that a call out
// of the sandbox costs two switches between processes and none between threads.
// The worker's side of a lane is one thread, whose CPU time the host reads from
// the operating system.
//
// Frames are a length, a kind and fields ([frame.go]); nothing is encoded by
// reflection. The host takes a worker for hostile: every frame is checked for
// its size, its place in the conversation and the limits of the invocation, and
// what does not fit ends the worker.
package worker
