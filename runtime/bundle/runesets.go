package bundle

import (
	"slices"
	"strings"
	"unicode"
)

// runeSet is a sorted list of ranges that do not touch.
type runeSet []runeRange

type runeRange struct{ first, last rune }

// union returns what is in any of the tables.
func union(tables ...*unicode.RangeTable) runeSet {
	var all runeSet
	for _, t := range tables {
		for _, r := range t.R16 {
			all = appendRange(all, rune(r.Lo), rune(r.Hi), rune(r.Stride))
		}
		for _, r := range t.R32 {
			all = appendRange(all, rune(r.Lo), rune(r.Hi), rune(r.Stride))
		}
	}
	slices.SortFunc(all, func(a, b runeRange) int { return int(a.first - b.first) })
	merged := all[:0]
	for _, r := range all {
		if n := len(merged); n > 0 && r.first <= merged[n-1].last+1 {
			merged[n-1].last = max(merged[n-1].last, r.last)
			continue
		}
		merged = append(merged, r)
	}
	return merged
}

func appendRange(set runeSet, first, last, stride rune) runeSet {
	if stride == 1 {
		return append(set, runeRange{first, last})
	}
	for r := first; r <= last; r += stride {
		set = append(set, runeRange{r, r})
	}
	return set
}

func (s runeSet) complement() runeSet {
	var rest runeSet
	next := rune(0)
	for _, r := range s {
		if r.first > next {
			rest = append(rest, runeRange{next, r.first - 1})
		}
		next = r.last + 1
	}
	if next <= unicode.MaxRune {
		rest = append(rest, runeRange{next, unicode.MaxRune})
	}
	return rest
}

// property returns the characters of a property as ECMAScript names it: a general
// category, Script=…, or a binary property that Go knows.
func property(name string) (runeSet, bool) {
	key, value, hasValue := strings.Cut(name, "=")
	switch {
	case hasValue && (key == "Script" || key == "sc" || key == "Script_Extensions" || key == "scx"):
		if long, ok := scriptAliases[value]; ok {
			value = long
		}
		table, ok := unicode.Scripts[value]
		return tableSet(table, ok)
	case hasValue && (key == "General_Category" || key == "gc"):
		return category(value)
	case hasValue:
		return nil, false
	}
	if set, ok := category(name); ok {
		return set, true
	}
	return binaryProperty(name)
}

func tableSet(table *unicode.RangeTable, ok bool) (runeSet, bool) {
	if !ok {
		return nil, false
	}
	return union(table), true
}

func category(name string) (runeSet, bool) {
	if short, ok := unicode.CategoryAliases[name]; ok {
		name = short
	}
	table, ok := unicode.Categories[name]
	return tableSet(table, ok)
}

func binaryProperty(name string) (runeSet, bool) {
	p := unicode.Properties
	switch name {
	case "Any":
		return runeSet{{0, unicode.MaxRune}}, true
	case "ASCII":
		return runeSet{{0, unicode.MaxASCII}}, true
	case "Assigned":
		return union(unicode.Cn).complement(), true
	case "Alphabetic", "Alpha":
		return union(unicode.L, unicode.Nl, p["Other_Alphabetic"]), true
	case "Uppercase", "Upper":
		return union(unicode.Lu, p["Other_Uppercase"]), true
	case "Lowercase", "Lower":
		return union(unicode.Ll, p["Other_Lowercase"]), true
	case "White_Space", "space":
		return union(unicode.White_Space), true
	case "ID_Start", "IDS":
		return union(unicode.L, unicode.Nl, p["Other_ID_Start"]), true
	case "ID_Continue", "IDC":
		return union(unicode.L, unicode.Nl, unicode.Mn, unicode.Mc, unicode.Nd, unicode.Pc, p["Other_ID_Start"], p["Other_ID_Continue"]), true
	case "ASCII_Hex_Digit", "Bidi_Control", "Dash", "Deprecated", "Diacritic", "Extender", "Hex_Digit", "IDS_Binary_Operator",
		"IDS_Trinary_Operator", "Ideographic", "Join_Control", "Logical_Order_Exception", "Noncharacter_Code_Point",
		"Pattern_Syntax", "Pattern_White_Space", "Quotation_Mark", "Radical", "Regional_Indicator", "Sentence_Terminal",
		"Soft_Dotted", "Terminal_Punctuation", "Unified_Ideograph", "Variation_Selector":
		table, ok := p[name]
		return tableSet(table, ok)
	default:
		return nil, false
	}
}

// scriptAliases are short names of scripts, which Go does not know.
var scriptAliases = map[string]string{
	"Arab": "Arabic", "Armn": "Armenian", "Beng": "Bengali", "Bopo": "Bopomofo", "Cyrl": "Cyrillic", "Deva": "Devanagari",
	"Ethi": "Ethiopic", "Geor": "Georgian", "Grek": "Greek", "Gujr": "Gujarati", "Guru": "Gurmukhi", "Hang": "Hangul",
	"Hani": "Han", "Hebr": "Hebrew", "Hira": "Hiragana", "Kana": "Katakana", "Khmr": "Khmer", "Knda": "Kannada", "Laoo": "Lao",
	"Latn": "Latin", "Mlym": "Malayalam", "Mong": "Mongolian", "Mymr": "Myanmar", "Sinh": "Sinhala", "Taml": "Tamil",
	"Telu": "Telugu", "Thaa": "Thaana", "Thai": "Thai", "Tibt": "Tibetan", "Zinh": "Inherited", "Zyyy": "Common",
}
