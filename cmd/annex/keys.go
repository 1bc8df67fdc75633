package main

import (
	"os"

	"github.com/spf13/cobra"

	"github.com/annexhost/annex/secrets"
)

// keyFlags say where the master key is. Without any it is in the data
// directory, made on first use.
type keyFlags struct {
	file    string
	keyring string
}

func addKeyFlags(cmd *cobra.Command) *keyFlags {
	k := &keyFlags{}
	cmd.Flags().StringVar(&k.file, "master-key-file", "", "file of the master key (default: master.key in the data directory, or "+masterKeyVariable+")")
	cmd.Flags().StringVar(&k.keyring, "master-key-keyring", "", "name under which the desktop's keyring keeps the master key")
	return k
}

// masterKey returns the key that the flags or the environment name, zero when
// they name none.
func (k *keyFlags) masterKey() (secrets.MasterKey, error) {
	switch {
	case k.file != "" && k.keyring != "":
		return secrets.MasterKey{}, usagef("--master-key-file and --master-key-keyring contradict each other")
	case k.file != "":
		return secrets.ReadKeyFile(k.file)
	case k.keyring != "":
		key, _, err := secrets.OpenKeyring(secrets.SystemKeyring{}, k.keyring)
		return key, err
	case os.Getenv(masterKeyVariable) != "":
		return secrets.ParseMasterKey(os.Getenv(masterKeyVariable))
	}
	return secrets.MasterKey{}, nil
}
