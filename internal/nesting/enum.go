package nesting

// enumText bounds what the members of the enums of TypeScript stand for. esbuild
// computes them and writes their text wherever they are used: members made of
// members grow exponentially, and long ones make the bundle a multiple of the
// source.
type enumText struct {
	ahead   bool // the next brace opens an enum
	level   int  // enums in enums
	written int  // text in this member
	refs    int  // names in this member
	longest int  // text that any member so far can stand for
}

func (e *enumText) open() {
	*e = enumText{level: e.level + 1, longest: e.longest}
}

// text counts a string, or a part of a template, in an enum.
func (e *enumText) text(n int) {
	e.ahead = false
	e.written += n * e.level
}

// reference counts a name, which may be that of a member, in an enum.
func (e *enumText) reference() {
	e.refs += e.level
}

// endMember is called after each member.
func (s *scanner) endMember() {
	e := &s.enum
	long := e.written + e.refs*e.longest
	if e.longest = max(e.longest, long); e.longest > maxEnumText {
		s.what = "a member of this enum may stand for too long a text: use a constant"
	}
	e.written, e.refs = 0, 0
}
