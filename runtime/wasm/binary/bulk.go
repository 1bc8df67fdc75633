package binary

// The parameters of the helpers.
const (
	bulkTo = iota
	bulkFrom
	bulkSize
)

// chargeBulk charges for the bytes whose number is on the stack as an i32.
func (in *instrumenter) chargeBulk(c *Code, size func()) {
	c.GlobalGet(in.fuel)
	size()
	c.Op(I64ExtendU).I64(bulkShift).Op(I64ShrU, I64Sub).GlobalSet(in.fuel).GlobalGet(in.fuel)
	in.check(c)
}

// outOfMemory leaves whether a range that starts at a local is not inside the
// memory: then the instruction traps before it has done anything.
func outOfMemory(c *Code, start uint32) *Code {
	return c.Get(start).Op(I64ExtendU).Get(bulkSize).Op(I64ExtendU, I64Add).
		Op(MemorySize, 0, I64ExtendU).I64(16).Op(I64Shl, I64GtU)
}

// fillHelper is memory.fill in pieces that do not take long.
func (in *instrumenter) fillHelper() Code {
	c := Code{}
	c.Block().Loop()
	c.Get(bulkSize).I32(bulkChunk).Op(I32LeU).BrIf(1)
	outOfMemory(&c, bulkTo).BrIf(1)
	in.chargeBulk(&c, func() { c.I32(bulkChunk) })
	c.Get(bulkTo).Get(bulkFrom).I32(bulkChunk).Misc(miscMemoryFill, 0)
	c.Get(bulkTo).I32(bulkChunk).Op(I32Add).Set(bulkTo)
	c.Get(bulkSize).I32(bulkChunk).Op(I32Sub).Set(bulkSize)
	c.Br(0).End().End()
	in.chargeBulk(&c, func() { c.Get(bulkSize) })
	c.Get(bulkTo).Get(bulkFrom).Get(bulkSize).Misc(miscMemoryFill, 0)
	c.End()
	return c
}

// copyHelper is memory.copy in pieces: from the front where the target comes
// first, else from the back.
func (in *instrumenter) copyHelper() Code {
	c := Code{}
	c.Block().Loop()
	c.Get(bulkSize).I32(bulkChunk).Op(I32LeU).BrIf(1)
	outOfMemory(&c, bulkTo).BrIf(1)
	outOfMemory(&c, bulkFrom).BrIf(1)
	in.chargeBulk(&c, func() { c.I32(bulkChunk) })
	c.Get(bulkSize).I32(bulkChunk).Op(I32Sub).Set(bulkSize)
	c.Get(bulkTo).Get(bulkFrom).Op(I32LeU).If()
	c.Get(bulkTo).Get(bulkFrom).I32(bulkChunk).Misc(miscMemoryCopy, 0, 0)
	c.Get(bulkTo).I32(bulkChunk).Op(I32Add).Set(bulkTo)
	c.Get(bulkFrom).I32(bulkChunk).Op(I32Add).Set(bulkFrom)
	c.Else()
	c.Get(bulkTo).Get(bulkSize).Op(I32Add).Get(bulkFrom).Get(bulkSize).Op(I32Add).I32(bulkChunk).Misc(miscMemoryCopy, 0, 0)
	c.End()
	c.Br(0).End().End()
	in.chargeBulk(&c, func() { c.Get(bulkSize) })
	c.Get(bulkTo).Get(bulkFrom).Get(bulkSize).Misc(miscMemoryCopy, 0, 0)
	c.End()
	return c
}
