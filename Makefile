# Tools are pinned here and run by `go run`, so that a fresh machine needs Go and nothing else.
STATICCHECK = honnef.co/go/tools/cmd/staticcheck@v0.8.2
GOVULNCHECK = golang.org/x/vuln/cmd/govulncheck@v1.9.0

.PHONY: test demo staticcheck vuln generate bench long

# Everything that must hold before a change lands; .ci/run adds the linters.
test:
	go test ./...

# The main job: the examples, installed for a demo organization on embedded state.
demo:
	go run ./cmd/annex serve --approve-all examples/hello examples/notes

staticcheck:
	go run $(STATICCHECK) ./...

vuln:
	go run $(GOVULNCHECK) ./...

generate:
	go generate ./...

bench:
	cd bench && go test -run '^$$' -bench . ./...

# Fuzzing, soak and kill tests beyond what a change needs each time.
long:
	go test -timeout 120m ./... -args -long
