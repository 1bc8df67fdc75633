# Tools are pinned here and run by `go run`, so that a fresh machine needs Go and nothing else.
STATICCHECK = honnef.co/go/tools/cmd/staticcheck@v0.8.2
GOVULNCHECK = golang.org/x/vuln/cmd/govulncheck@v1.9.0

.PHONY: security-report test demo staticcheck vuln generate bench long soak fuzz

# Everything that must hold before a change lands; .ci/run adds the linters.
test:
	go test ./...

# The main job: the examples, installed for a demo organization on embedded state.
demo:
	CGO_ENABLED=0 go run ./cmd/annex serve --approve-all examples/hello examples/notes

staticcheck:
	go run $(STATICCHECK) ./...

vuln:
	go run $(GOVULNCHECK) ./...

generate:
	go generate ./...

bench:
	cd bench && go test -run '^$$' -bench . ./...

# What became of every attack, in every tier: SECURITY-REPORT.md.
security-report:
	CGO_ENABLED=0 go run ./runtime/sandbox/sandboxtest/report

# Soak and kill tests beyond what a change needs each time, and every fuzz target
# for FUZZTIME each. make fuzz FUZZTIME=20s is a quick look at all of them.
FUZZTIME = 30m

long: soak fuzz

soak:
	go test -timeout 60m ./storage/badgerstore -args -long
	ANNEX_LONG=1 go test -timeout 60m -v -run 'TestReloads|TestKilled' ./runtime
	ANNEX_LONG=1 go test -timeout 60m -v -run 'TestKilled|TestBackupWhileServing|TestFullLoad' ./runtime/standard
	CGO_ENABLED=0 ANNEX_LONG=1 go test -timeout 60m -v ./runtime/sandbox/sandboxtest/report

fuzz:
	@for file in $$(grep -rl '^func Fuzz' --include='*_test.go' . | grep -v '^./bench'); do \
		for target in $$(grep -ho '^func Fuzz[A-Za-z0-9]*' $$file | cut -c6-); do \
			echo "== $$target in $$(dirname $$file)"; \
			go test -run '^$$' -fuzz "^$$target$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 20x -timeout 0 $$(dirname $$file) || exit 1; \
		done; \
	done
