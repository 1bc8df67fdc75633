package exttest

import (
	"strings"
	"testing"
	"time"
)

// slow waits as its query says, in several ways.
const slow = `
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms))
export default async ({ request, storage, http }) => {
  const q = request.query, began = Date.now()
  if (q.wait) await sleep(+q.wait)
  if (q.steps) for (let n = 1; n <= +q.steps; n++) { await storage.set('step', n); await sleep(1000) }
  if (q.interval) await new Promise((resolve) => { let n = 0; const i = setInterval(() => { if (++n === 5) { clearInterval(i); resolve() } }, +q.interval) })
  if (q.forever) await new Promise(() => setInterval(() => {}, 1000))
  if (q.fetch) return (await Promise.race([http.fetch('https://a.example/'), sleep(5000).then(() => ({ status: 'too late' }))])).status
  return { took: Date.now() - began }
}`

// Timers of handlers and of tests follow the clock of the test: hours take no
// time, what is due runs in order, and nothing runs that is not due.
func TestTimersFollowTheClock(t *testing.T) {
	began := time.Now()
	for _, c := range []struct{ rule, test string }{
		{"a handler that is awaited takes no time", `
			const reply = await annex.invoke('GET h?wait=10000')
			expect(reply.body.took).toBe(10000)
			expect(annex.clock.now()).toBe(Date.UTC(2030, 0, 1, 0, 0, 10))`},
		{"advance wakes a handler on its way", `
			const going = annex.invoke('GET h?wait=10000')
			annex.clock.advance(9999)
			let done = false
			going.then(() => { done = true })
			await annex.storage.get('x')
			expect(done).toBe(false)
			annex.clock.advance(1)
			expect((await going).body.took).toBe(10000)
			expect(annex.clock.now()).toBe(Date.UTC(2030, 0, 1, 0, 0, 10))`},
		{"advance goes from timer to timer", `
			const going = annex.invoke('GET h?steps=5')
			annex.clock.advance(0)
			expect(await annex.storage.get('step')).toBe(1)
			annex.clock.advance(2500)
			expect(await annex.storage.get('step')).toBe(3)
			annex.clock.advance(60_000)
			expect(await annex.storage.get('step')).toBe(5)
			expect((await going).body.took).toBe(5000)`},
		{"set wakes what is due", `
			const going = annex.invoke('GET h?wait=20000')
			annex.clock.set('2030-01-01T00:00:25Z')
			expect((await going).body.took).toBe(25000)`},
		{"an interval", `expect((await annex.invoke('GET h?interval=3000')).body.took).toBe(15000)`},
		{"timers of the test", `
			const before = Date.now()
			await new Promise((resolve) => setTimeout(resolve, 3_600_000))
			expect(Date.now() - before).toBe(3_600_000)`},
		{"two handlers and the test, in the order of their timers", `
			const order = []
			await Promise.all([
				annex.invoke('GET h?wait=3000').then(() => order.push('three')),
				annex.invoke('GET h?wait=1000').then(() => order.push('one')),
				new Promise((resolve) => setTimeout(resolve, 2000)).then(() => order.push('two')),
			])
			expect(order).toEqual(['one', 'two', 'three'])`},
		{"a slow upstream, and one that is too slow", `
			annex.stub('GET https://a.example/', async () => { await new Promise((r) => setTimeout(r, 4000)); return {} })
			expect((await annex.invoke('GET h?fetch=1')).body).toBe(200)`},
		{"one that is too slow", `
			annex.stub('GET https://a.example/', async () => { await new Promise((r) => setTimeout(r, 6000)); return {} })
			expect((await annex.invoke('GET h?fetch=1')).body).toBe('too late')`},
		{"one that never answers", `
			annex.stub('GET https://a.example/', () => new Promise(() => {}))
			expect((await annex.invoke('GET h?fetch=1')).body).toBe('too late')`},
		{"a handler is held to its time", `
			const reply = await annex.invoke('GET h?forever=1')
			expect(reply.error).toMatchObject({ code: 'timeout' })
			expect(annex.clock.now()).toBe(Date.UTC(2030, 0, 1, 0, 0, 30))`},
		{"a handler that nobody waits for", `void annex.invoke('GET h?wait=20000')`},
		{"many at once", `
			const all = await Promise.all(Array.from({ length: 60 }, (_, n) => annex.invoke('GET h?wait=' + (n * 100 + 1))))
			expect(all.map((r) => r.body.took)).toEqual(all.map((_, n) => n * 100 + 1))`},
		{"time goes forward", `expect(() => annex.clock.advance(-1)).toThrow('forward')`},
	} {
		report := runWith(t, `{"server":["storage:database","http:domain:a.example"]}`, slow, "test('x', async () => {"+c.test+"\n})")
		if report.Passed != 1 {
			t.Errorf("%s: %+v", c.rule, report.Files)
			if failure := report.Files[0].Tests[0].Failure; failure != nil {
				t.Errorf("%+v", *failure)
			}
		}
	}
	if took := time.Since(began); took > 2*time.Minute {
		t.Errorf("more than an hour of waiting took %s", took)
	}
}

// What never ends is ended by the machine's clock, and said so.
func TestTheTimeOfATestIsTheMachines(t *testing.T) {
	report := runFor(t, 300*time.Millisecond, `{}`, `export default () => 1`, `test('x', async () => { for (;;) await annex.storage.get('x') })`)
	if failure := report.Files[0].Tests[0].Failure; failure == nil || !strings.Contains(failure.Message, "longer than 300ms") {
		t.Errorf("%+v", failure)
	}
}
