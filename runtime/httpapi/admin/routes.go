package admin

import "slices"

// table lists every route of the API, by what it is about.
func table() []Route {
	return slices.Concat(
		[]Route{openAPI, WhoAmI},
		orgRoutes, extensionRoutes, versionRoutes, dataRoutes, historyRoutes, hostRoutes,
	)
}

// Organizations, and who gets into them.
var orgRoutes = []Route{
	ListOrgs,
	CreateOrg,
	ShowOrg,
	SetOrgState,
	ExportOrg,
	ImportOrg,
	EraseOrg,
	NewToken,
	ListTokens,
	RevokeToken,
}

// What is installed, what it may do and where it is called.
var extensionRoutes = []Route{
	ListExtensions,
	PlanInstall,
	Install,
	ShowExtension,
	SetEnabled,
	Uninstall,
	Invoke,
	ExtensionStats,
	ShowGrants,
	SetGrants,
	ShowPublic,
	RotatePublic,
	RevokePublic,
}

// Its versions.
var versionRoutes = []Route{
	ListVersions,
	Update,
	ShowUpdate,
	ApproveUpdate,
	WithdrawUpdate,
	Rollback,
	SetPin,
	RemovePin,
}

// What it is given, and what it keeps.
var dataRoutes = []Route{
	ShowConfig,
	SetConfig,
	ListSecrets,
	SetSecret,
	DeleteSecret,
	ListKeys,
	GetValue,
	SetValue,
	DeleteValue,
	ExportStorage,
	ImportStorage,
}

// What happened.
var historyRoutes = []Route{
	ListAudit,
	VerifyAudit,
	ExportAudit,
	ShowAuditKey,
	ReadLogs,
	ListRecordings,
	GetRecording,
	EraseRecordings,
}

// The host itself.
var hostRoutes = []Route{
	RotateMasterKey,
	Backup,
}
