package nesting

// expect is what the grammar allows next. It decides what a slash means.
type expect uint8

const (
	operand  expect = iota // a slash starts a regular expression
	operator               // a slash divides
	either                 // cannot be told without parsing
)

// place is where an operand would stand. It decides what a brace means.
type place uint8

const (
	inExpression place = iota
	atStart            // of a statement
	unknown            // after a colon: a label, a case, a choice or a type
)

// scanner reads one source. It never looks back further than one token and never
// ahead further than the end of a line.
type scanner struct {
	src   []byte
	pos   int
	token int // where the current token starts

	newline bool // there is a line break before the current token
	expect  expect
	place   place
	prev    byte // the token before: its first byte, or one of the kinds below
	name    bool // a word would be the name of a property
	member  bool // a word would be the name of a member of an object or class
	header  bool // parentheses would be those of if, for and the like
	sticky  bool // a line break does not end the statement here

	maxDepth           int
	depth, chain       int // in all open frames together
	arrows             int // the same
	guesses, inferred  int // the same
	tokens, inferToken int // how many, and where the last infer was
	decorators         int
	guessed            int // bytes that were looked through for the ends of patterns
	spaces, dotted     int // open namespaces, and names of the one that is being declared
	enum               enumText
	top                int
	frames             [maxDepth + 1]frame
	what               string // why the source is refused
	places             Places
}

// Kinds of tokens in scanner.prev that are not named by their first byte.
const (
	aWord    = 'a'
	aLiteral = '0'
	anArrow  = 'A'
	aDefault = 'D'
	anExport = 'E'
)

// scan reads the source to its end, or returns why it is refused.
func (s *scanner) scan() string {
	if len(s.src) > 1 && s.src[0] == '#' && s.src[1] == '!' {
		s.skipLine()
	}
	for s.what == "" {
		s.skipBlank()
		if s.pos >= len(s.src) {
			break
		}
		s.token = s.pos
		s.tokens++
		s.next()
	}
	return s.what
}

// next reads one token.
func (s *scanner) next() {
	c := s.src[s.pos]
	switch {
	case isWordByte(c) && (c < '0' || c > '9'), c == '\\', c == '#':
		s.word()
	case c >= '0' && c <= '9', c == '.' && isDigit(s.at(1)):
		s.literal()
		s.number()
	case c == '"' || c == '\'':
		s.literal()
		s.stringLiteral(c)
		s.enum.text(s.pos - s.token)
	case c == '`':
		s.template()
	case c == '(' || c == '[' || c == '{':
		s.pos++
		s.open(c)
	case c == ')' || c == ']' || c == '}':
		s.pos++
		s.close(c)
	case c == '/':
		s.slash()
	default:
		s.punctuator(c)
	}
}

// at returns the byte i after the current one, 0 at the end.
func (s *scanner) at(i int) byte {
	if s.pos+i < len(s.src) {
		return s.src[s.pos+i]
	}
	return 0
}

// has reports whether the rest of the source starts with text.
func (s *scanner) has(text string) bool {
	return len(s.src)-s.pos >= len(text) && string(s.src[s.pos:s.pos+len(text)]) == text
}

// literal accounts for a number, a string or a pattern.
func (s *scanner) literal() {
	s.beginOperand()
	s.after(aLiteral, operator)
}

// after records the token that was read and what may come next.
func (s *scanner) after(prev byte, next expect) {
	s.prev, s.expect = prev, next
	s.place = inExpression
	if prev != aWord && prev != '.' {
		s.dotted = 0
	}
	s.name, s.member, s.header, s.sticky = false, false, false, false
}

// beginOperand is called where an operand starts. Two operands in a row on two
// lines are two statements; on one line the first is a word such as async.
func (s *scanner) beginOperand() {
	if s.expect == operand {
		return
	}
	f := &s.frames[s.top]
	if s.newline && !s.sticky && f.open != '(' && f.open != '[' && f.open != '$' {
		s.endStatement()
		return
	}
	s.link(1)
	if f.kind == members {
		s.member = true
	}
}

// slash reads a division or a regular expression. Comments are gone already.
func (s *scanner) slash() {
	divides := s.expect == operator && !s.newline
	if s.expect != operand && !divides {
		// A line that starts with a slash divides, if the line before cannot
		// be a statement by itself. It is a pattern only if it has an end.
		end, closed := s.patternEnd()
		if s.guessed += end - s.pos; closed || s.guessed > maxGuessed {
			s.what = "cannot tell a regular expression from a division here: put it in parentheses, or a semicolon before it"
			return
		}
		divides = true
	}
	if divides {
		s.pos++
		if s.at(0) == '=' {
			s.pos++
		}
		s.link(1)
		s.after('/', operand)
		return
	}
	end, closed := s.patternEnd()
	s.literal()
	s.pos = end
	if closed {
		for s.pos < len(s.src) && isWordByte(s.src[s.pos]) {
			s.pos++
		}
		if s.places.Pattern != nil {
			s.places.Pattern(s.token, s.pos)
		}
	}
}

// patternEnd finds the end of a regular expression that starts here. It refuses
// one with too many groups in groups.
func (s *scanner) patternEnd() (end int, closed bool) {
	groups, class := 0, false
	for i := s.pos + 1; i < len(s.src); i++ {
		switch c := s.src[i]; {
		case c == '\\':
			i++
			if i < len(s.src) && (s.src[i] == '\n' || s.src[i] == '\r') {
				return i, false
			}
		case c == '\n' || c == '\r' || lineSeparator(s.src, i):
			return i, false
		case c == '[':
			class = true
		case c == ']':
			class = false
		case c == '(' && !class:
			if groups++; groups > maxPattern {
				s.what = "the groups of this regular expression are nested too deeply"
			}
		case c == ')' && !class:
			groups--
		case c == '/' && !class:
			return i + 1, true
		}
	}
	return len(s.src), false
}
