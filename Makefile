# Every command of a day's work; `make` alone lists them. Options go into ARGS: make run ARGS="--workers 2"

PYTHON ?= python3
ARGS ?=
BIN := .venv/bin
READY := .venv/.ready
NODE := node_modules/.ready
PYTEST := $(BIN)/python -m pytest -q
# Tests on real servers wait more than they work: some go side by side, each lot with servers of its own (1.5 GB).
JOBS ?= 3
PARALLEL := --dist loadfile -n

MAKEFLAGS += --no-print-directory
.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help setup run test check fmt lint types page unit-plain unit unit-bounds coverage integration \
	integration-full bench chaos chaos-full soak manifests lock clean

help:  ## list these commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-18s %s\n", $$1, $$2 }' Makefile

setup: $(READY)  ## build .venv with every extra, and compile the kernels once

$(READY): requirements-dev.lock pyproject.toml
	@command -v $(PYTHON) >/dev/null || { echo "fanpulse needs Python 3.11 or newer, and $(PYTHON) is not there: make setup PYTHON=/path/to/python"; exit 1; }
	@$(PYTHON) -c 'import sys; sys.version_info >= (3, 11) or sys.exit("fanpulse needs Python 3.11 or newer, and $(PYTHON) is %d.%d: make setup PYTHON=python3.11" % sys.version_info[:2])'
	@$(PYTHON) -m venv .venv || { echo "this Python makes no virtual environments (on Debian and Ubuntu: apt-get install python3-venv)"; exit 1; }
	@echo "installing the locked packages (a minute or two, the first time)"
	@$(BIN)/pip install -q --disable-pip-version-check --require-hashes -r requirements-dev.lock
	@$(BIN)/pip install -q --disable-pip-version-check --no-deps --no-build-isolation -e .
	@echo "compiling the kernels (once)"
	@$(BIN)/python -m streams.warm
	@touch $(READY)

run: setup  ## start everything here, with demo traffic; Ctrl-C stops it
	@$(BIN)/fanpulse run $(ARGS)

test: setup unit integration  ## the tests: first the quick ones, then those on a real Kafka

check: setup lint types page coverage unit-bounds integration chaos  ## what CI runs, quickest first

fmt: setup  ## format Python and, where npm is there, the page's JavaScript
	$(BIN)/ruff check -q --select I --fix .
	$(BIN)/ruff format .
	@if command -v npm >/dev/null; then $(MAKE) $(NODE) && node_modules/.bin/biome check --write; \
	else echo "JavaScript is not formatted: npm is not there (on Debian and Ubuntu: apt-get install nodejs npm)"; fi

lint: setup  ## format, lint, layers
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/lint-imports

types: setup  ## mypy, strict, tests included
	$(BIN)/mypy

page: $(NODE)  ## the page's JavaScript: format, lint, types, unit tests; needs Node 20 or newer
	node_modules/.bin/biome ci --error-on-warnings
	node_modules/.bin/tsc
	node --test tests/agents/serve/page/*.test.mjs

$(NODE): package-lock.json .npmrc
	@command -v node >/dev/null && command -v npm >/dev/null || { echo "the checks of the page's JavaScript need Node 20 or newer with npm (on Debian and Ubuntu: apt-get install nodejs npm); running fanpulse needs neither"; exit 1; }
	@node -e 'process.exit(+(parseInt(process.versions.node) < 20))' || { echo "the checks of the page's JavaScript need Node 20 or newer, and node is $$(node --version)"; exit 1; }
	@npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
	@touch $(NODE)

unit-plain: setup  ## the kernels' tests, kernels as plain Python
	NUMBA_DISABLE_JIT=1 $(PYTEST) streams tests/streams tests/oracle $(ARGS)

unit: setup  ## quick tests, kernels compiled
	$(PYTEST) $(ARGS)

coverage: setup  ## unit-plain and unit with coverage: lines and branches, with a floor
	@$(BIN)/coverage erase
	@$(MAKE) unit-plain unit PYTEST="$(BIN)/coverage run -m pytest -q"
	@$(BIN)/coverage combine -q
	$(BIN)/coverage report

unit-bounds: setup  ## the kernels' tests, every array access checked
	NUMBA_BOUNDSCHECK=1 $(PYTEST) tests/streams $(ARGS)

integration: setup  ## tests on a real Kafka and Valkey
	$(PYTEST) tests/integration --ignore tests/integration/speed -m "not full" $(PARALLEL) $(JOBS) $(ARGS)
	$(PYTEST) tests/integration/speed

integration-full: setup  ## the same with the whole data sets (minutes)
	$(PYTEST) tests/integration $(ARGS)

bench: setup  ## events per second, compared with Faust as in its tutorial
	$(BIN)/python -m tests.bench $(ARGS)

chaos: setup  ## faults on a real Kafka, counted: the short form
	$(PYTEST) tests/chaos -m "not full and not soak" $(PARALLEL) $(if $(filter 1,$(JOBS)),1,2) $(ARGS)

chaos-full: setup  ## every fault twice, and the bars of time: on a quiet machine
	$(PYTEST) tests/chaos -m "not soak" --repeats 2 --bars --table tests/chaos/results.txt $(ARGS)

soak: setup  ## 5,000 events a second for 30 minutes; ARGS="--minutes 2" to try it
	$(PYTEST) tests/chaos/soak -s --table tests/chaos/soak.txt $(ARGS)

manifests: setup  ## write generated dashboards and manifests
	$(BIN)/python -m deploy.grafana.make
	$(BIN)/python -m deploy.kubernetes.make

# requirements-dev.lock has every extra, for a checkout; requirements.lock has what the image installs, and what builds
# it, in the same versions.
COMPILE = pip-compile -q --generate-hashes --allow-unsafe --strip-extras --no-header \
	--no-emit-index-url --no-emit-trusted-host --no-emit-find-links
lock:  ## update and pin all packages, with hashes
	@there=$$(mktemp -d) && trap 'rm -rf "$$there"' EXIT && $(PYTHON) -m venv $$there \
	&& $$there/bin/pip install -q --disable-pip-version-check pip-tools \
	&& $$there/bin/$(COMPILE) --upgrade --all-extras -o requirements-dev.lock pyproject.toml \
	&& cp requirements-dev.lock requirements.lock \
	&& $$there/bin/$(COMPILE) --build-deps-for editable -o requirements.lock pyproject.toml

clean:  ## remove what was built; records in .data stay
	rm -rf .venv node_modules .numba .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache .coverage .coverage.* *.egg-info
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
