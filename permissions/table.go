package permissions

import "slices"

// table is all there is to ask for. It is sorted by side and name.
var table = []Entry{
	{
		Name: CommandsExecute, Side: Client, Risk: Medium,
		Consent: "Run commands of the application and of other extensions",
		Doc:     "Run registered commands. Not needed for commands that the extension registered itself.",
		Guards:  []string{"commands.executeCommand"},
	}, {
		Name: CommandsRegister, Side: Client, Risk: Low,
		Consent: "Add keyboard shortcuts",
		Doc:     "Register command handlers.",
		Guards:  []string{"commands.registerCommand"},
	}, {
		Name: NetworkFetch, Side: Client, Risk: Medium,
		Consent: "Connect to its listed websites from your computer",
		Doc:     "Make HTTP requests from the application, to the hosts that the server permissions name with http:domain:.",
		Guards:  []string{"fetch"},
	}, {
		Name: NetworkOrgAPI, Side: Client, Risk: Medium,
		Consent: "Communicate with your organization",
		Doc:     "Call the organization's API server as the signed-in user, such as the extension's own handlers.",
		Guards:  []string{"callOrgApi"},
	}, {
		Name: NetworkStoreAPI, Side: Client, Risk: Low,
		Consent: "Contact the extension store",
		Doc:     "Call the API of the extension store.",
		Guards:  []string{"callStoreApi"},
	}, {
		Name: StorageLocal, Side: Client, Risk: Low,
		Consent: "Store preferences locally",
		Doc:     "Keep data on this computer, visible to this extension alone.",
		Guards:  []string{"storage.get", "storage.set", "storage.delete", "storage.keys", "storage.has", "storage.clear"},
	}, {
		Name: Telemetry, Side: Client, Risk: Low,
		Consent: "Send anonymous usage data",
		Doc:     "Report anonymous events, errors and timings.",
		Guards:  []string{"telemetry.trackEvent", "telemetry.trackError", "telemetry.trackTiming"},
	}, {
		Name: UIDialog, Side: Client, Risk: Medium,
		Consent: "Display dialogs and prompts",
		Doc:     "Show modal dialogs, selection lists and text input. Grants ui:quickpick and ui:inputbox too.",
		Guards:  []string{"ui.showDialog"},
	}, {
		Name: UIInputBox, Side: Client, Risk: Medium,
		Consent: "Ask you to type text",
		Doc:     "Show text input. Part of ui:dialog.",
		Guards:  []string{"ui.showInputBox"},
	}, {
		Name: UIProgress, Side: Client, Risk: Low,
		Consent: "Display progress indicators",
		Doc:     "Show progress of long operations.",
		Guards:  []string{"ui.showProgress"},
	}, {
		Name: UIQuickPick, Side: Client, Risk: Low,
		Consent: "Ask you to choose from a list",
		Doc:     "Show selection lists. Part of ui:dialog.",
		Guards:  []string{"ui.showQuickPick"},
	}, {
		Name: UIStatus, Side: Client, Risk: Low,
		Consent: "Show connection status",
		Doc:     "Set the extension's connection status indicator.",
		Guards:  []string{"ui.setStatus"},
	}, {
		Name: UIToast, Side: Client, Risk: Low,
		Consent: "Show notifications",
		Doc:     "Show brief notifications.",
		Guards:  []string{"ui.showToast"},
	}, {
		Name: WorkspaceFiles, Side: Client, Risk: Medium,
		Consent: "Monitor file changes",
		Doc:     "Learn of file changes and of open files.",
		Guards:  []string{"workspace.onFileChanged", "workspace.getOpenFiles"},
	}, {
		Name: WorkspaceVaults, Side: Client, Risk: Medium,
		Consent: "Access vault information",
		Doc:     "Read the configuration of vaults.",
		Guards:  []string{"workspace.getCurrentVault", "workspace.getVaults"},
	}, {
		Name: HTTPDomain, Side: Server, Risk: Medium,
		Consent: "Connect to",
		Doc:     "Make HTTP requests to one host, such as http:domain:api.example.com. One permission for each host; no wildcards.",
		Guards:  []string{"http.fetch"},
	}, {
		Name: HTTPFetch, Side: Server, Risk: High,
		Consent: "Connect to any website",
		Doc:     "Make HTTP requests to any host. Prefer http:domain: with the hosts that are needed.",
		Guards:  []string{"http.fetch"},
	}, {
		Name: SecretsRead, Side: Server, Risk: High,
		Consent: "Access stored credentials",
		Doc:     "Read the secrets of this extension in this organization. Every read is audited.",
		Guards:  []string{"secrets.get"},
	}, {
		Name: SecretsUse, Side: Server, Risk: Medium,
		Consent: "Sign in to the websites that you choose with stored credentials, without seeing them",
		Doc:     "Have the host send a secret of this extension, unseen, to the hosts that an admin bound it to. Every use is audited.",
		Guards:  []string{"http.fetch"},
	}, {
		Name: SecretsWrite, Side: Server, Risk: Medium,
		Consent: "Save credentials securely",
		Doc:     "Store and delete the secrets of this extension in this organization. Every write is audited.",
		Guards:  []string{"secrets.set", "secrets.delete"},
	}, {
		Name: StorageDatabase, Side: Server, Risk: Low,
		Consent: "Store data on server",
		Doc:     "Keep data in the host, visible to this extension in this organization alone.",
		Guards: []string{
			"storage.get", "storage.set", "storage.delete", "storage.list",
			"storage.getMany", "storage.setMany", "storage.compareAndSet", "storage.increment",
		},
	},
}

// implied names what a permission grants beside itself.
func implied(p Permission) []Permission {
	if p == UIDialog {
		return []Permission{UIQuickPick, UIInputBox}
	}
	return nil
}

// All returns the whole table, client before server, each sorted by name. The
// copy is the caller's.
func All() []Entry {
	all := slices.Clone(table)
	for i := range all {
		all[i].Guards = slices.Clone(all[i].Guards)
	}
	return all
}

// Lookup finds the entry for p on one side. Every http:domain: permission is
// found as [HTTPDomain]. ok is false when there is no such permission there.
func Lookup(side Side, p Permission) (e Entry, ok bool) {
	if _, isHost := p.Host(); isHost {
		p = HTTPDomain
	}
	for _, e := range table {
		if e.Side == side && e.Name == p {
			e.Guards = slices.Clone(e.Guards)
			return e, true
		}
	}
	return Entry{}, false
}
