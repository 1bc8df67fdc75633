// Package admission decides whether an invocation may start now: a [Limiter]
// bounds how many calls a key makes in a minute, and [Slots] bound how many
// invocations run and wait at the same time.
//
// Both hold a bounded amount of memory whatever their callers do, and neither
// starts a goroutine. They know nothing of organizations or routes: the host
// makes the keys, from names that it has resolved itself.
package admission
