package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/annexhost/annex/runtime/sandbox"
	"github.com/annexhost/annex/runtime/standard"
	"github.com/annexhost/annex/storage"
)

func newStorage() *cobra.Command {
	return group("storage", "Look at what extensions have stored",
		newStorageList(), newStorageGet(), newStorageDelete())
}

// listPage is how many keys are read at a time.
const listPage = 1000

func newStorageList() *cobra.Command {
	var prefix string
	cmd := &cobra.Command{
		Use:     "list EXTENSION",
		Short:   "List the keys of an extension",
		Example: "  annex storage list annex.notes --prefix note/",
		Args:    exactly(1, "EXTENSION"),
	}
	cmd.Flags().StringVar(&prefix, "prefix", "", "only keys that start with it")
	s := addStateFlags(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		return s.with(cmd, func(ctx context.Context, state *standard.State) error {
			id, err := s.extension(ctx, state, args[0])
			if err != nil {
				return err
			}
			keys, err := listKeys(ctx, state.Space(*s.org, id, standard.Options{}), prefix)
			if err != nil {
				return err
			}
			return printList(cmd.OutOrStdout(), s.asJSON, keys)
		})
	}
	return cmd
}

func listKeys(ctx context.Context, space *storage.Space, prefix string) ([]string, error) {
	keys := []string{}
	for after := ""; ; {
		page, err := space.List(ctx, prefix, after, listPage)
		if err != nil {
			return nil, err
		}
		keys = append(keys, page...)
		if len(page) < listPage {
			return keys, nil
		}
		after = page[len(page)-1]
	}
}

// printList prints one name a line, or a JSON array.
func printList(w io.Writer, asJSON bool, names []string) error {
	if asJSON {
		return json.NewEncoder(w).Encode(names)
	}
	for _, name := range names {
		if _, err := fmt.Fprintln(w, name); err != nil {
			return err
		}
	}
	return nil
}

func newStorageGet() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "get EXTENSION KEY",
		Short:   "Print a stored value, as JSON",
		Example: "  annex storage get annex.notes count",
		Args:    exactly(2, "EXTENSION and KEY"),
	}
	s := addStateFlags(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		return s.with(cmd, func(ctx context.Context, state *standard.State) error {
			id, err := s.extension(ctx, state, args[0])
			if err != nil {
				return err
			}
			value, err := state.Space(*s.org, id, standard.Options{}).Get(ctx, args[1])
			if errors.Is(err, storage.ErrNotFound) {
				return sandbox.Errorf(sandbox.NotFound, "%s has no key %s", id, args[1])
			}
			if err != nil {
				return err
			}
			_, err = fmt.Fprintf(cmd.OutOrStdout(), "%s\n", value)
			return err
		})
	}
	return cmd
}

func newStorageDelete() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "delete EXTENSION KEY",
		Short:   "Delete a stored value",
		Example: "  annex storage delete annex.notes note/1",
		Args:    exactly(2, "EXTENSION and KEY"),
	}
	s := addStateFlags(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		return s.with(cmd, func(ctx context.Context, state *standard.State) error {
			id, err := s.extension(ctx, state, args[0])
			if err != nil {
				return err
			}
			space := state.Space(*s.org, id, standard.Options{})
			if _, err := space.Get(ctx, args[1]); errors.Is(err, storage.ErrNotFound) {
				return sandbox.Errorf(sandbox.NotFound, "%s has no key %s", id, args[1])
			}
			return space.Delete(ctx, args[1])
		})
	}
	return cmd
}
