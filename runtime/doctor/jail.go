package doctor

import "github.com/annexhost/annex/runtime/worker/jail"

// Jail says which layers of the jail hold. What is missing is a warning, or a
// failure where a complete jail is required.
func Jail(report jail.Report, required bool) []Finding {
	var found []Finding
	for _, l := range report {
		f := Finding{Check: "jail", Name: string(l.Name), Status: OK, Detail: l.Detail}
		if l.Refused != "" {
			f.Status, f.Detail, f.Remedy = Warning, l.Refused, l.Remedy()
			if required {
				f.Status = Failed
			}
		}
		found = append(found, f)
	}
	return found
}
