package manifest

func readContributes(v value) Contributes {
	if !v.object(true, "views", "commands", "settings", "apiRoutes", "configuration") {
		return Contributes{}
	}
	return Contributes{
		Views:         each(v.at("views"), readView),
		Commands:      each(v.at("commands"), readCommand),
		Settings:      each(v.at("settings"), readSetting),
		APIRoutes:     readRoutes(v.at("apiRoutes")),
		Configuration: readConfiguration(v.at("configuration")),
	}
}

// each reads a list of contributions and warns of an id that an earlier one has.
func each[T any](v value, read func(value) (T, string)) []T {
	var all []T
	seen := map[string]bool{}
	for _, entry := range v.list(false) {
		c, id := read(entry)
		if seen[id] {
			v.r.warn(entry.at("id").path, "An earlier entry has this id too; the first one counts")
		}
		seen[id] = true
		all = append(all, c)
	}
	return all
}

// label is the rule for an id or a name that has to be there.
var label = text{required: true, min: 1}

func readView(v value) (View, string) {
	if !v.object(true, "id", "name", "location", "component", "icon", "when") {
		return View{}, ""
	}
	view := View{
		ID:        v.at("id").text(label),
		Name:      v.at("name").text(label),
		Location:  v.at("location").text(text{required: true, enum: []string{"sidebar", "panel", "settings", "dialog"}}),
		Component: v.at("component").file(true),
		Icon:      v.at("icon").text(text{}),
		When:      v.at("when").text(text{}),
	}
	return view, view.ID
}

func readCommand(v value) (Command, string) {
	if !v.object(true, "id", "title", "icon", "keybinding", "category", "when") {
		return Command{}, ""
	}
	command := Command{
		ID:         v.at("id").text(label),
		Title:      v.at("title").text(label),
		Icon:       v.at("icon").text(text{}),
		Keybinding: v.at("keybinding").text(text{}),
		Category:   v.at("category").text(text{}),
		When:       v.at("when").text(text{}),
	}
	return command, command.ID
}

func readSetting(v value) (Setting, string) {
	if !v.object(true, "id", "name", "component", "description", "icon", "category") {
		return Setting{}, ""
	}
	setting := Setting{
		ID:          v.at("id").text(label),
		Name:        v.at("name").text(label),
		Component:   v.at("component").file(true),
		Description: v.at("description").text(text{multi: true}),
		Icon:        v.at("icon").text(text{}),
		Category:    v.at("category").text(text{enum: []string{"account", "organization", "extensions", "system"}}),
	}
	if !v.at("category").set {
		setting.Category = "extensions"
	}
	return setting, setting.ID
}
