# The verbs of this project. `make` alone lists them.

# The first CPython from 3.10 to 3.12 found here; durable_rules does not run on 3.13.
PYTHON ?= $(shell for p in python3.12 python3.11 python3.10 python3; do \
	$$p -c 'import sys; sys.exit(not (3, 10) <= sys.version_info < (3, 13))' \
	2>/dev/null && echo $$p && break; done)
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
PEERS := .peers
PROTOS := $(wildcard proto/rolefit/v1/*.proto)

.DEFAULT_GOAL := help
.PHONY: help setup demo serve test bench bench-memory bench-peers bench-start soak faults fuzz check deploy-check deploy-tool lint format types proto proto-check rules-check rules-test rules-verify mutation docs docs-serve lock clean

help: ## Show this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 14

setup: $(STAMP) ## Create .venv with everything pinned in requirements.lock

$(STAMP): requirements.lock pyproject.toml
	@test -n "$(PYTHON)" || { echo "rolefit needs CPython 3.10, 3.11 or 3.12 on the PATH." >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV) || { echo "Creating $(VENV) failed; on Debian and Ubuntu: apt-get install python3-venv" >&2; exit 1; }
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --requirement requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --editable .
	@touch $@

demo: setup ## Start a server, ask it about three people, stop it
	@VENV_BIN=$(BIN) sh client/demo.sh

serve: setup ## Run the server in the foreground on 127.0.0.1:50051
	@exec $(BIN)/rolefit-server serve

test: setup ## Run the tests
	PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/python -m pytest --numprocesses auto --dist loadfile

bench: setup ## Hold throughput, CPU and latency against gRPC alone; needs Go and two cores
	$(BIN)/python -m bench.throughput

bench-peers: $(PEERS)/.installed ## Hold our engine against others on the same rules; Drools needs Java 17
	$(BIN)/python -m bench.peers

$(PEERS)/.installed: bench/peers/requirements.txt | setup
	rm -rf $(PEERS)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --target $(PEERS) \
		--requirement bench/peers/requirements.txt
	@touch $@

bench-start: setup ## Time a server's start, the client's import and a cold answer
	$(BIN)/python -m bench.start

bench-memory: setup ## Send a million different people, and print the server's memory; needs Go
	$(BIN)/python -m bench.memory

soak: setup ## Send CALLS (100000) calls to a server and print errors and its memory
	$(BIN)/python bench/soak.py --calls $(or $(CALLS),100000)

faults: setup ## Run every fault at ten times the load of its test, and print the table
	$(BIN)/python -m bench.faults

fuzz: setup ## Put random bytes to a server for SECONDS (60), each answer judged
	$(BIN)/python -m tests.faults.fuzz --seconds $(or $(SECONDS),60)

check: lint types proto-check rules-check rules-test rules-verify deploy-tool test ## Everything CI checks

deploy-check: setup deploy-tool ## Check what is in deploy/ against its schemas and against the server
	PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/python -m pytest tests/deploy

# Not optimised: compiles in a third of the time, and runs for a second.
deploy-tool:
	@if command -v go >/dev/null; then \
		go build -C deploy/validate -gcflags=all="-N -l" -o "$(CURDIR)/.venv-tools/validate" .; \
	else \
		echo "No Go on the PATH: tests of the Kubernetes manifests are skipped." >&2; \
	fi

lint: setup ## Check style of code and contract
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	cd proto && ../$(BIN)/buf lint && ../$(BIN)/buf format --diff --exit-code .

format: setup ## Rewrite code and contract in the project's style
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	cd proto && ../$(BIN)/buf format --write .

types: setup ## Check types
	$(BIN)/mypy

PROTOC = PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/python -m grpc_tools.protoc --proto_path proto \
	--python_out $(1) --mypy_out quiet:$(1) --grpc_python_out $(1) --mypy_grpc_out quiet:$(1) $(PROTOS)

proto: setup ## Regenerate the stubs from proto/
	$(call PROTOC,proto)

proto-check: setup ## Fail if the stubs differ from what proto/ generates
	@fresh=$$(mktemp -d) && trap 'rm -rf "$$fresh"' EXIT && $(call PROTOC,"$$fresh") && \
	for stub in "$$fresh"/rolefit/v1/*; do \
		cmp "$$stub" "proto/rolefit/v1/$${stub##*/}" || { \
			echo "The stubs differ from proto/; run 'make proto'." >&2; exit 1; }; \
	done

rules-check: setup ## Load and compile the rules, and print what they hold
	$(BIN)/rolefit-server rules check rules

rules-test: setup ## Run the tests of the rules; fail if less than 97 % is covered
	$(BIN)/rolefit-server rules test rules --min-coverage 97

rules-verify: setup ## Prove what rules/properties.yaml says of the rules
	$(BIN)/rolefit-server rules verify rules

mutation: setup ## Try every small change to the rules; fail if no test notices one
	$(BIN)/python -m bench.mutation

# The variable silences a notice about MkDocs 2, which pyproject.toml keeps out.
MKDOCS = NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs

docs: setup ## Build the documentation into site/; a broken link fails
	$(MKDOCS) build --strict

docs-serve: setup ## Show the documentation on 127.0.0.1:8000 and rebuild it on every change
	$(MKDOCS) serve --dev-addr 127.0.0.1:8000

lock: setup ## Renew requirements.lock from pyproject.toml
	$(BIN)/uv pip compile pyproject.toml --quiet --universal --all-extras --python-version 3.10 \
		--no-header --upgrade --output-file requirements.lock

clean: ## Remove what the other verbs made
	rm -rf $(VENV) $(PEERS) build dist site *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis
