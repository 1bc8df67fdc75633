package exttest

import "strings"

// maxDiffLines is how many lines of either side are compared; the cost is their
// product.
const maxDiffLines = 400

// Difference is what was expected and what was received, for people: line by
// line where one of them has several.
func (f *Failure) Difference() string {
	if f.Expected == "" && f.Received == "" {
		return ""
	}
	expected, received := strings.Split(f.Expected, "\n"), strings.Split(f.Received, "\n")
	if len(expected)+len(received) <= 2 || len(expected) > maxDiffLines || len(received) > maxDiffLines {
		return "expected: " + f.Expected + "\nreceived: " + f.Received
	}
	var b strings.Builder
	b.WriteString("- expected\n+ received\n\n")
	for _, line := range diff(expected, received) {
		b.WriteString(line + "\n")
	}
	return b.String()
}

// diff returns the lines of both, each with what it is: in both, only in a (-),
// only in b (+). It is the longest common subsequence.
func diff(a, b []string) []string {
	common := make([][]int, len(a)+1)
	for i := range common {
		common[i] = make([]int, len(b)+1)
	}
	for i := len(a) - 1; i >= 0; i-- {
		for j := len(b) - 1; j >= 0; j-- {
			if a[i] == b[j] {
				common[i][j] = common[i+1][j+1] + 1
			} else {
				common[i][j] = max(common[i+1][j], common[i][j+1])
			}
		}
	}
	var lines []string
	i, j := 0, 0
	for i < len(a) || j < len(b) {
		switch {
		case i < len(a) && j < len(b) && a[i] == b[j]:
			lines = append(lines, "  "+a[i])
			i, j = i+1, j+1
		case j == len(b) || i < len(a) && common[i+1][j] >= common[i][j+1]:
			lines = append(lines, "- "+a[i])
			i++
		default:
			lines = append(lines, "+ "+b[j])
			j++
		}
	}
	return lines
}
