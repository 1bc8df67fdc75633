package identity

import "testing"

// Each row is one fact; the table of rights is compared as a whole.
func TestRights(t *testing.T) {
	may := map[Right][3]bool{ // member, admin, operator
		Call:       {true, true, true},
		Extensions: {true, true, true},
		Install:    {false, true, true},
		Public:     {false, true, true},
		Data:       {false, true, true},
		Secrets:    {false, true, true},
		Logs:       {false, true, true},
		Audit:      {false, true, true},
		Manage:     {false, true, true},
		Operate:    {false, false, true},
	}
	if len(Rights()) != len(may) {
		t.Errorf("%d rights, the test knows %d", len(Rights()), len(may))
	}
	for _, right := range Rights() {
		for i, role := range []Role{Member, Admin, Operator} {
			if got := role.May(right); got != may[right][i] {
				t.Errorf("%s may %s: %v", role, right, got)
			}
		}
	}
	for _, role := range []Role{"", "owner", "Admin"} {
		if role.May(Call) {
			t.Errorf("role %q may call", role)
		}
	}
	if Operator.May("unknown") {
		t.Error("an unknown right is denied to everybody")
	}
}

func TestMayInOrganization(t *testing.T) {
	tests := []struct {
		rule   string
		caller Caller
		right  Right
		org    string
		want   bool
	}{
		{"an admin in its organization", Caller{Org: "a", Role: Admin}, Install, "a", true},
		{"an admin in another", Caller{Org: "a", Role: Admin}, Install, "b", false},
		{"an admin in none", Caller{Org: "a", Role: Admin}, Install, "", false},
		{"a caller of no organization in none", Caller{Role: Admin}, Install, "", false},
		{"an operator in another", Caller{Org: "a", Role: Operator}, Install, "b", true},
		{"a member in its organization", Caller{Org: "a", Role: Member}, Install, "a", false},
		{"nobody", Caller{}, Call, "", false},
	}
	for _, tt := range tests {
		if got := tt.caller.May(tt.right, tt.org); got != tt.want {
			t.Errorf("%s: %v, want %v", tt.rule, got, tt.want)
		}
	}
}

func TestAtLeast(t *testing.T) {
	if !Admin.AtLeast(Member) || !Admin.AtLeast(Admin) || Admin.AtLeast(Operator) || Role("x").AtLeast(Member) || Operator.AtLeast("x") {
		t.Error("the order of roles is member, admin, operator; others are below and above nothing")
	}
}
