package js

// split returns the JSON of each member of an object. What is inside them is
// not looked at until somebody decodes it.
func (d *decoder) split() (map[string][]byte, error) {
	if d.peek() != '{' {
		return nil, d.unexpected()
	}
	d.pos++
	members := map[string][]byte{}
	for first := true; ; first = false {
		more, err := d.next('}', first)
		if err != nil || !more {
			return members, err
		}
		if d.peek() != '"' {
			return nil, d.unexpected()
		}
		name, _, err := d.text()
		if err != nil {
			return nil, err
		}
		if d.peek() != ':' {
			return nil, d.unexpected()
		}
		d.pos++
		start := d.pos
		if err := d.skip(); err != nil {
			return nil, err
		}
		members[name] = d.data[start:d.pos]
	}
}

// skip moves behind a value, to the comma or the bracket that follows it.
func (d *decoder) skip() error {
	for depth := 0; d.pos < len(d.data); d.pos++ {
		switch d.data[d.pos] {
		case '"':
			if !d.skipString() {
				return errUnexpectedEnd
			}
		case '{', '[':
			depth++
		case '}', ']':
			if depth == 0 {
				return nil
			}
			depth--
		case ',':
			if depth == 0 {
				return nil
			}
		}
	}
	return errUnexpectedEnd
}

// skipString moves to the closing quote of a string.
func (d *decoder) skipString() bool {
	for d.pos++; d.pos < len(d.data); d.pos++ {
		switch d.data[d.pos] {
		case '\\':
			d.pos++
		case '"':
			return true
		}
	}
	return false
}
