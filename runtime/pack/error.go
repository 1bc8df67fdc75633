package pack

import "github.com/annexhost/annex/runtime/manifest"

// Code is the kind of a [PackageError].
type Code string

// The codes of the contract.
const (
	PackageTooLarge     Code = "PACKAGE_TOO_LARGE"
	InvalidArchive      Code = "INVALID_ARCHIVE" // also of a directory with what no package may have
	TooManyFiles        Code = "TOO_MANY_FILES"
	MissingRequiredFile Code = "MISSING_REQUIRED_FILE"
	InvalidManifestJSON Code = "INVALID_MANIFEST_JSON"
	InvalidManifest     Code = "INVALID_MANIFEST"
	MissingEntryPoint   Code = "MISSING_ENTRY_POINT"
	MissingHandler      Code = "MISSING_HANDLER"
	FileTooLarge        Code = "FILE_TOO_LARGE"
	InvalidExtension    Code = "INVALID_EXTENSION"
)

// PackageError says why something is not a package.
type PackageError struct {
	Code    Code
	Message string // for people; may have several lines

	// Issues are the errors of the manifest, for InvalidManifest.
	Issues []manifest.Issue
}

// Error returns the message.
func (e *PackageError) Error() string { return e.Message }

// invalid is an archive that breaks a rule of its structure or its entries.
func invalid(why string) error {
	return &PackageError{Code: InvalidArchive, Message: "Package is not a valid zip archive: " + why}
}
