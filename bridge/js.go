package bridge

// apply is the source of a call of the function expression f with the arguments.
func apply(f string, arguments ...string) string {
	src := "(" + f + ")("
	for i, a := range arguments {
		if i > 0 {
			src += ", "
		}
		src += a
	}
	return src + ")"
}
