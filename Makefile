# One target per job. `make` alone lists them.

PYTHON ?= python3
BIN := .venv/bin
STAMP := .venv/.installed
QUIX := .venv-quix/.installed
EXTRAS := broker,mysql,redis,mongodb,web,backtest,compile,dev

.DEFAULT_GOAL := help
.PHONY: help install up down compile clean-compiled test check format bench clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

install: $(STAMP) ## install everything into .venv; does nothing when it is up to date

# The stamp is written last, so an interrupted install is done again.
$(STAMP): pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --editable '.[$(EXTRAS)]'
	@touch $@

up: compile ## start the exchange on this machine
	$(BIN)/tradeflow up

down: install ## stop what `make up` started; data is kept
	$(BIN)/tradeflow down

# Python prefers a compiled module to its source, and the tests are the sources'.
test: clean-compiled check ## run every check and every test, on the pure core
	$(BIN)/pytest --numprocesses 3 --dist loadfile --no-loadscope-reorder

check: install ## lint, types, import contracts and the compose file; no test is run
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/check-jsonschema --builtin-schema vendor.compose-spec docker-compose.yml

compile: install ## compile the matching core, where there is a C compiler; else it runs as Python
	$(BIN)/python -m tradeflow.core_build

clean-compiled: ## remove the compiled core
	rm -f tradeflow_core__mypyc.*.so schemas/*.so streams/domain/*.so streams/domain/compiled.stamp

format: install ## put the code into the house layout
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

bench: compile $(QUIX) ## run the benchmarks
	$(BIN)/tradeflow bench

$(QUIX): bench/requirements-quix.txt
	$(PYTHON) -m venv .venv-quix
	.venv-quix/bin/pip install --quiet --requirement $<
	@touch $@

clean: clean-compiled ## remove environments and caches; data in .tradeflow stays
	rm -rf build .venv .venv-quix .venv-hftbacktest .venv-clients .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache
