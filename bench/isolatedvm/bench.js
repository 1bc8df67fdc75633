// The side of isolated-vm: a handler that reads and writes one value, which
// lives in a Map on Node's side. It answers lines "ISOLATE WAY N" on standard input
// with how many nanoseconds N calls took. Run it with --no-node-snapshot.
'use strict';
const { fork } = require('child_process');
const { once } = require('events');
const ivm = require('isolated-vm');

const data = new Map([['n', 0]]);
const get = (key) => data.get(key);
const set = (key, value) => { data.set(key, value); };

// Two ways out of an isolate. A Reference suits a store that answers later: its
// promise is settled by another turn of Node's loop. A Callback can only serve
// one that answers at once, such as a Map.
const waysOut = {
  reference: {
    wrap: (f) => new ivm.Reference(f),
    api: `const call = (f, args) => f.apply(undefined, args, { arguments: { copy: true }, result: { copy: true, promise: true } });`,
  },
  callback: {
    wrap: (f) => new ivm.Callback(f),
    api: `const call = async (f, args) => f(...args);`,
  },
};

const handler = `
  const storage = { get: (key) => call($get, [key]), set: (key, value) => call($set, [key, value]) };
  const handler = async ({ storage }) => {
    const n = await storage.get('n');
    await storage.set('n', n + 1);
    return { n };
  };
  (async () => JSON.stringify(await handler({ storage })));`;

async function load(isolate, way) {
  const context = await isolate.createContext();
  context.global.setSync('$get', way.wrap(get));
  context.global.setSync('$set', way.wrap(set));
  const script = await isolate.compileScript(way.api + handler);
  const run = await script.run(context, { reference: true });
  return { call: () => run.apply(undefined, [], { result: { promise: true, copy: true } }), release: () => context.release() };
}

const isolates = {
  async fresh(way, n) {
    for (let i = 0; i < n; i++) {
      const isolate = new ivm.Isolate({ memoryLimit: 128 });
      await (await load(isolate, way)).call();
      isolate.dispose();
    }
  },
  async reused(way, n) {
    way.handler ??= await load(new ivm.Isolate({ memoryLimit: 128 }), way);
    for (let i = 0; i < n; i++) await way.handler.call();
  },

  // The isolate in a process of its own. Its data are there too, so that only
  // the invocation and its result go from process to process.
  async process(_, n) {
    child ??= fork(__filename, ['child'], { execArgv: process.execArgv });
    for (let i = 0; i < n; i++) {
      child.send(wayOfTheChild);
      await once(child, 'message');
    }
    data.set('n', data.get('n') + n);
  },
};

let child;
const wayOfTheChild = 'callback';

// serve answers invocations, one after the other.
function serve() {
  process.on('message', async (way) => {
    const before = data.get('n');
    await isolates.reused(waysOut[way], 1);
    if (data.get('n') - before !== 1) process.exit(1);
    process.send({ n: before });
  });
}

async function main() {
  for await (const line of require('readline').createInterface({ input: process.stdin })) {
    const [isolate, way, n] = line.split(' ');
    const before = data.get('n');
    const began = process.hrtime.bigint();
    await isolates[isolate](waysOut[way], Number(n));
    const took = process.hrtime.bigint() - began;
    if (data.get('n') - before !== Number(n)) throw new Error('a call did not write');
    process.stdout.write(`${took}\n`);
  }
  child?.disconnect();
}

if (process.argv[2] === 'child') serve(); else main().catch((error) => { console.error(error); process.exit(1); });
