package bridge

// list reads an array, each item with f.
func (d *decoder) list(f func() error) error {
	if !d.accept('[') {
		return d.wrongType("an array")
	}
	n := 0
	for more := !d.accept(']'); more; n++ {
		if n == maxItems {
			return invalid("more than %d items", maxItems)
		}
		if err := f(); err != nil {
			return err
		}
		d.space()
		if more = d.accept(','); !more && !d.accept(']') {
			return d.fail("expected a comma or the end of the array")
		}
	}
	return nil
}

// members reads an object with any names. A name given twice is refused.
func (d *decoder) members(depth int) (Members, error) {
	if !d.accept('{') {
		return nil, d.wrongType("an object")
	}
	list := Members{}
	seen := make(map[string]bool)
	for more := !d.accept('}'); more; {
		raw, _, err := d.name()
		if err != nil {
			return nil, err
		}
		if len(list) == maxItems {
			return nil, invalid("more than %d members", maxItems)
		}
		m := Member{Name: unescape(raw)}
		if seen[m.Name] {
			return nil, invalid("name %q is given twice", m.Name)
		}
		seen[m.Name] = true
		if m.Value, err = d.raw(depth + 1); err != nil {
			return nil, err
		}
		list = append(list, m)
		d.space()
		if more = d.accept(','); !more && !d.accept('}') {
			return nil, d.fail("expected a comma or the end of the object")
		}
	}
	return list, nil
}

// pair reads an array of exactly two strings.
func (d *decoder) pair() (p [2]string, err error) {
	n := 0
	err = d.list(func() error {
		if n == len(p) {
			return invalid("want [name, value], got more")
		}
		p[n], err = d.text()
		n++
		return err
	})
	if err == nil && n < len(p) {
		err = invalid("want [name, value], got less")
	}
	return p, err
}

// textOrBlob reads a string or the reference to a blob.
func (d *decoder) textOrBlob() ([]byte, error) {
	if d.peek() == '"' {
		s, err := d.text()
		return []byte(s), err
	}
	if !d.accept('{') {
		return nil, d.wrongType("a string or bytes")
	}
	raw, _, err := d.name()
	if err != nil {
		return nil, err
	}
	if string(raw) != "$blob" {
		return nil, invalid("want a string or bytes, got an object")
	}
	i, err := d.integer()
	if err != nil {
		return nil, err
	}
	d.space()
	if !d.accept('}') || i < 0 || i >= int64(len(d.blobs)) {
		return nil, invalid("malformed reference to bytes")
	}
	d.used++
	return d.blobs[i], nil
}
