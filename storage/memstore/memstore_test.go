package memstore_test

import (
	"testing"

	"github.com/annexhost/annex/storage"
	"github.com/annexhost/annex/storage/memstore"
	"github.com/annexhost/annex/storage/storagetest"
)

func open(*testing.T) storage.Store { return memstore.New() }

func TestStore(t *testing.T) { storagetest.Run(t, open, storagetest.Options{}) }

func FuzzStore(f *testing.F) { storagetest.Fuzz(f, open) }
