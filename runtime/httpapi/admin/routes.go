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

		// What is installed.
		ListExtensions,
		PlanInstall,
		Install,

		// Versions.
		ListVersions,
		Update,
		ShowUpdate,
		ApproveUpdate,
		WithdrawUpdate,
		Rollback,
		SetPin,
		RemovePin,

		// Public addresses.
		ShowPublic,
		RotatePublic,
		RevokePublic,

		// Tokens.
		NewToken,
		ListTokens,
		RevokeToken,
	}
}
