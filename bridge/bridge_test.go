package bridge_test

import (
	"testing"

	"github.com/annexhost/annex/bridge/bridgetest"
)

func TestConformance(t *testing.T) { bridgetest.Run(t, (*bridgetest.Fixture).Call) }
