// The handlers of the example counter-as.
import { Config, Host, Memory } from '@extism/as-pdk'

// A method of the bridge: named with an underscore, a block of JSON to a block of {"ok": …} or {"error": …}.
@external('extism:host/user', 'storage_increment')
declare function storage_increment(args: u64): u64

@external('extism:host/user', 'storage_get')
declare function storage_get(args: u64): u64

@external('extism:host/env', 'length')
declare function length(block: u64): u64

@external('extism:host/env', 'error_set')
declare function error_set(block: u64): void

// What goes before a result.
const ok = '{"ok":'

export function increment(): i32 {
  const step = Config.get('step') // the installation's configuration, as text
  const by = step === null ? '1' : step
  return reply(storage_increment(Memory.allocateString('{"key":"visits","by":' + by + '}').offset))
}

export function read(): i32 {
  return reply(storage_get(Memory.allocateString('{"key":"visits"}').offset))
}

// reply answers with the number that the bridge returned. What it refused is the error of the invocation, its code and
// permission kept.
function reply(block: u64): i32 {
  const answer = new Memory(block, length(block)).toString()
  if (!answer.startsWith(ok)) {
    error_set(Memory.allocateString(answer.slice('{"error":'.length, -1)).offset)
    return 1
  }
  const count = answer.slice(ok.length, -1)
  // Not outputString: it counts characters where bytes are meant.
  Host.output(Uint8Array.wrap(String.UTF8.encode('{"count":' + (count == 'null' ? '0' : count) + '}')))
  return 0
}

// abort is what a failed assertion calls, in place of an import that no host of this ABI has.
export function abort(message: string | null, _file: string | null, _line: u32, _column: u32): void {
  error_set(Memory.allocateString(message === null ? 'aborted' : message).offset)
  unreachable()
}
