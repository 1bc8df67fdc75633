package runtime

import "github.com/annexhost/annex/runtime/admission"

// Building are the slots of packages that are bundled.
func (h *Host) Building() *admission.Slots { return h.building }
