# make run     the page at http://localhost:8501
# make test    lint, types, import contract and all tests
# make bench   the figures of benchmarks/README.md: speed
# make bench-trust   and how far the scores hold
# make chaos   attacks and kill -9, against servers of its own
# make check-deps   known holes in what is installed, as advisories tell them

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP_INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check
APP_ARGS ?=
# It imports nothing from elsewhere, and keeps its cache with the environment.
DENO := DENO_DIR=$(CURDIR)/$(VENV)/deno DENO_NO_UPDATE_CHECK=1 $(BIN)/deno
SCRIPTS := featclass/web/assets/*.js tests/web/assets/*.js
# Three tests at a time, since page and server wait for each other; a file at a time, in order:
# neighbours share a server and a browser.
TEST_ARGS ?= -n 3 --dist loadfile --no-loadscope-reorder
BENCH_ARGS ?=
CHAOS_ARGS ?=
AUDIT_ARGS ?=

.PHONY: run test lint format bench bench-trust chaos check-deps clean

run: $(VENV)/.ready
	$(BIN)/featclass app $(APP_ARGS)

# Threads that wait for each other sleep rather than spin: three tests share the cores.
test: export OMP_WAIT_POLICY = passive
test: $(VENV)/.ready-tests lint
	$(DENO) test --quiet
	$(BIN)/python -m tests.browser
	$(BIN)/python -m pytest $(TEST_ARGS)

lint: $(VENV)/.ready-tests
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(DENO) lint
	$(DENO) fmt --check
	$(DENO) check $(SCRIPTS)

format: $(VENV)/.ready-tests
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	$(DENO) lint --fix
	$(DENO) fmt

bench: $(VENV)/.ready-bench
	$(BIN)/python -m benchmarks $(BENCH_ARGS)

bench-trust: $(VENV)/.ready-tests
	$(BIN)/python -m benchmarks coverage fewshot strangers labels copies asking $(BENCH_ARGS)

chaos: $(VENV)/.ready-tests
	$(BIN)/python -m chaos $(CHAOS_ARGS)

check-deps: $(VENV)/.ready
	@$(PIP_INSTALL) 'pip-audit>=2.7' || true
	$(BIN)/python -m tests.advisories $(AUDIT_ARGS)

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "featclass needs Python 3.11 or newer; this is $$($(PYTHON) --version). Try: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' \
	  || { echo "Python's venv is missing. Try: sudo apt-get install python3-venv"; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/.ready: requirements.txt pyproject.toml | $(BIN)/python
	$(PIP_INSTALL) --no-compile -r requirements.txt
	$(PIP_INSTALL) --no-deps -e .
	@# pip would compile it all on one core, the tests of others too: half a minute more.
	@$(BIN)/python -m compileall -qq -j 0 -x '/tests?/' $(VENV)/lib || true
	@touch $@

$(VENV)/.ready-bench: $(VENV)/.ready-tests benchmarks/requirements.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r benchmarks/requirements.txt
	@touch $@

$(VENV)/.ready-tests: $(VENV)/.ready tests/requirements.txt
	$(PIP_INSTALL) -r tests/requirements.txt
	@touch $@

clean:
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .import_linter_cache
