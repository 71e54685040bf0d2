# For those who change accesshook. To use it you need no make, and to test it
# "go test work" is enough.

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

# Every module of go.work.
modules = $(shell go list -m -f '{{.Dir}}')
staticcheck := bin/staticcheck-v0.8.2

# Flags of internal/bench/ratio, and how often (50000x) or how long (60s) to run each
# fuzz target.
BENCHFLAGS ?=
FUZZTIME ?= 50000x

.PHONY: help test race lint bench fuzz demo ci

help: ## list these targets
	@sed -nE 's/^([a-z]+):.*## (.*)/make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 12

test: ## run all tests
	go test work

race: ## run all tests with the race detector
	go test -race work

lint: $(staticcheck) ## check with gofmt, vet, staticcheck and go mod tidy
	@unformatted=$$(gofmt -l .); [[ -z $$unformatted ]] || { echo "not formatted: $$unformatted"; exit 1; }
	go vet work
	@for module in $(modules); do \
		echo "staticcheck and go mod tidy in $$module"; \
		(cd "$$module" && "$(CURDIR)/$(staticcheck)" ./... && GOWORK=off go mod tidy -diff); \
	done

$(staticcheck):
	GOBIN="$(CURDIR)/bin" GOWORK=off GOFLAGS=-mod=mod go install honnef.co/go/tools/cmd/staticcheck@$(@:bin/staticcheck-%=%)
	mv bin/staticcheck $@

bench: ## compare the vendors' handlers with plain ones, such as BENCHFLAGS='-w README.md'
	go run ./internal/bench/ratio $(BENCHFLAGS)

fuzz: ## run every fuzz target, each for FUZZTIME: 50000x by default, or such as 60s
	@targets=$$(grep -rEo --include='*_test.go' '^func Fuzz[[:alnum:]_]*' . | sed 's/:func /:/' | sort); \
	found=0; for target in $$targets; do \
		package=$$(dirname "$${target%:*}"); \
		echo "$$package $${target##*:}"; \
		go test -run '^$$' -fuzz "^$${target##*:}\$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 5x "$$package" || found=1; \
	done; exit $$found

demo: ## run the gateway with events of all vendors, until Ctrl-C
	go run ./examples/gateway -demo

ci: ## run everything that must pass before a change lands
	bash .ci/run
