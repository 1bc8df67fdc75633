package js

// members are the names of an object in their order, and the JSON of each.
type members struct {
	names []string
	json  [][]byte
}

// get returns the JSON of a member. Of two with one name the later one counts.
func (m members) get(name string) (json []byte, ok bool) {
	for i := len(m.names) - 1; i >= 0; i-- {
		if m.names[i] == name {
			return m.json[i], true
		}
	}
	return nil, false
}

// split returns the members of an object. What is inside them is not looked at
// until somebody decodes it.
func (d *decoder) split() (members, error) {
	var m members
	if d.peek() != '{' {
		return m, d.unexpected()
	}
	d.pos++
	for first := true; ; first = false {
		more, err := d.next('}', first)
		if err != nil || !more {
			return m, err
		}
		if d.peek() != '"' {
			return m, d.unexpected()
		}
		name, _, err := d.text()
		if err != nil {
			return m, err
		}
		if d.peek() != ':' {
			return m, d.unexpected()
		}
		d.pos++
		start := d.pos
		if err := d.skip(); err != nil {
			return m, err
		}
		m.names, m.json = append(m.names, name), append(m.json, d.data[start:d.pos])
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
