package attacks

// names are the words of the assembler for bytes that have a name.
var names = map[string]string{
	"magic": "\x00asm\x01\x00\x00\x00",

	// Sections: a name, then { their bytes }.
	"custom": "\x00", "types": "\x01", "imports": "\x02", "functions": "\x03", "tables": "\x04", "memories": "\x05",
	"globals": "\x06", "exports": "\x07", "start": "\x08", "elements": "\x09", "code": "\x0a", "data": "\x0b", "datacount": "\x0c",

	// Types.
	"func": "\x60", "i32": "\x7f", "i64": "\x7e", "f32": "\x7d", "f64": "\x7c", "v128": "\x7b",
	"funcref": "\x70", "externref": "\x6f", "void": "\x40",

	// Instructions.
	"unreachable": "\x00", "nop": "\x01", "block": "\x02", "loop": "\x03", "if": "\x04", "else": "\x05", "end": "\x0b",
	"br": "\x0c", "br_if": "\x0d", "br_table": "\x0e", "return": "\x0f", "call": "\x10", "call_indirect": "\x11",
	"return_call": "\x12", "drop": "\x1a", "select": "\x1b",
	"local.get": "\x20", "local.set": "\x21", "local.tee": "\x22", "global.get": "\x23", "global.set": "\x24",
	"table.get": "\x25", "table.set": "\x26",
	"i32.load": "\x28", "i64.load": "\x29", "i32.store": "\x36", "i64.store": "\x37", "i32.store8": "\x3a",
	"memory.size": "\x3f\x00", "memory.grow": "\x40\x00",
	"i32.const": "\x41", "i64.const": "\x42", "f32.const": "\x43", "f64.const": "\x44",
	"i32.eqz": "\x45", "i32.add": "\x6a", "i32.sub": "\x6b", "i32.mul": "\x6c", "i32.div_s": "\x6d", "i32.rem_u": "\x70",
	"i64.add": "\x7c", "i64.sub": "\x7d", "i32.wrap_i64": "\xa7", "i64.extend_i32_u": "\xad", "i32.trunc_f32_s": "\xa8",
	"ref.null": "\xd0", "ref.func": "\xd2",
	"memory.init": "\xfc\x08", "data.drop": "\xfc\x09", "memory.copy": "\xfc\x0a\x00\x00", "memory.fill": "\xfc\x0b\x00",
	"table.copy": "\xfc\x0e", "table.grow": "\xfc\x0f", "table.size": "\xfc\x10", "table.fill": "\xfc\x11",
	"atomic.wait32": "\xfe\x01", "atomic.fence": "\xfe\x03\x00",
}
