# One target per job. `make` alone lists them.

PYTHON ?= python3
BIN := .venv/bin
STAMP := .venv/.installed
QUIX := .venv-quix/.installed
EXTRAS := broker,mysql,redis,mongodb,web,dev

.DEFAULT_GOAL := help
.PHONY: help install up down test check format bench clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-9s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

install: $(STAMP) ## install everything into .venv; does nothing when it is up to date

# The stamp is written last, so an interrupted install is done again.
$(STAMP): pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --editable '.[$(EXTRAS)]'
	@touch $@

up: install ## start the exchange on this machine
	$(BIN)/tradeflow up

down: install ## stop what `make up` started; data is kept
	$(BIN)/tradeflow down

test: check ## run every check and every test
	$(BIN)/pytest

check: install ## lint, types, import contracts and the compose file; no test is run
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/check-jsonschema --builtin-schema vendor.compose-spec docker-compose.yml

format: install ## put the code into the house layout
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

bench: install $(QUIX) ## run the benchmarks
	$(BIN)/tradeflow bench

$(QUIX): bench/requirements-quix.txt
	$(PYTHON) -m venv .venv-quix
	.venv-quix/bin/pip install --quiet --requirement $<
	@touch $@

clean: ## remove environments and caches; data in .tradeflow stays
	rm -rf .venv .venv-quix .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache
