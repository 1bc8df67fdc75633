package binary

import (
	"maps"
	"slices"
)

// Linked is the prefix of the custom sections that hold the modules that a
// module is linked with; behind it stands the name that it is imported by.
const Linked = "annex:module:"

// Link returns a module with others behind it, by the names that they are
// imported under. They are in custom sections, so that the whole is one module
// still.
func Link(main []byte, others map[string][]byte) []byte {
	out := slices.Clone(main)
	for _, name := range slices.Sorted(maps.Keys(others)) {
		out = appendBytes(append(out, sectionCustom), append(appendName(nil, Linked+name), others[name]...))
	}
	return out
}

// ImportedModules returns the names of the modules that a module imports from,
// in the order of their first imports, and none for what is no module.
func ImportedModules(code []byte) []string {
	m, err := Decode(code)
	if err != nil {
		return nil
	}
	var names []string
	for _, i := range m.Imports {
		if !slices.Contains(names, i.Module) {
			names = append(names, i.Module)
		}
	}
	return names
}
