package admin

// table lists every route of the API.
func table() []Route {
	return []Route{
		// The API itself.
		openAPI,
		WhoAmI,

		// Organizations.
		ListOrgs,
		CreateOrg,
		ShowOrg,
		SetOrgState,
		ExportOrg,
		ImportOrg,
		EraseOrg,

		// What is installed.
		ListExtensions,
		PlanInstall,
		Install,
		ShowExtension,
		SetEnabled,
		Uninstall,
		Invoke,

		// Versions.
		ListVersions,
		Update,
		ShowUpdate,
		ApproveUpdate,
		WithdrawUpdate,
		Rollback,
		SetPin,
		RemovePin,

		// Recorded invocations.
		ListRecordings,
		GetRecording,
		EraseRecordings,

		// Public addresses.
		ShowPublic,
		RotatePublic,
		RevokePublic,

		// What it may do.
		ShowGrants,
		SetGrants,

		// What it is given, and what it keeps.
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

		// What happened.
		ListAudit,
		VerifyAudit,
		ExportAudit,
		ReadLogs,
		ExtensionStats,
		ShowAuditKey,

		// The host itself.
		ListHostAudit,
		VerifyHostAudit,
		ExportHostAudit,
		RotateMasterKey,

		// Tokens.
		NewToken,
		ListTokens,
		RevokeToken,

		// The data as a whole.
		Backup,
	}
}
