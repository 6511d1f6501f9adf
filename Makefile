# Everything a developer or a pipeline does here. `make` alone lists it.
#
# The virtual environment lives in the checkout and holds exactly what requirements-dev.txt says, by
# version and hash. It is made anew when that file changes, and not otherwise.

# The first Python on PATH that is new enough and can make a virtual environment. PYTHON=... overrides.
PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11; do \
	"$$p" -c 'import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo "$$p"; break; }; done)

BIN := .venv/bin
LOCKED := .venv/.locked
READY := .venv/.installed
PIP := $(BIN)/python -m pip --disable-pip-version-check --no-input
# Workers for the tests that may share a machine. The live ones may not: they load the engine on purpose.
JOBS ?= auto
# Handed on to the command: make test ARGS=--verbose, make lab ARGS=--help, make run ARGS='--theme light'.
ARGS ?=

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.NOTPARALLEL:
.PHONY: help demo run test test-full test-unit test-live lint format lab bench recordings wheel lock screenshot clean

help: ## list these commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-11s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(LOCKED): requirements-dev.txt
	@test -n "$(PYTHON)" || { echo 'make: needs Python 3.11 or later with its venv module (Debian: python3-venv); or say make PYTHON=/path/to/python3' >&2; exit 1; }
	$(PYTHON) -m venv --clear .venv
	$(PIP) install --quiet --require-hashes -r requirements-dev.txt
	@touch $@

$(READY): $(LOCKED) pyproject.toml
	$(PIP) install --quiet --no-deps --no-build-isolation --no-index --editable .
	@touch $@

demo: $(READY) ## open the console on a simulated engine: needs no Docker
	@$(BIN)/patchdeck demo $(ARGS)

run: $(READY) ## open the console on the local engine
	@$(BIN)/patchdeck $(ARGS)

test: test-unit test-live ## run the tests; the live ones too where an engine can be brought up

test-unit: $(READY)
	$(BIN)/pytest tests/unit tests/ui -m 'not slow' -n $(JOBS) $(ARGS)

test-live: $(READY)
	$(BIN)/pytest tests/live -m 'not slow' $(ARGS)

test-full: $(READY) ## run every test, the slow ones included
	$(BIN)/pytest tests/unit tests/ui -n $(JOBS) $(ARGS)
	$(BIN)/pytest tests/live $(ARGS)

lint: $(READY) ## check style, types and the direction of imports
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy patchdeck tui widgets themes tests benchmarks
	$(BIN)/lint-imports

format: $(READY) ## put the code into its one form
	$(BIN)/ruff check --fix-only --quiet .
	$(BIN)/ruff format .

lab: $(READY) ## bring up a laboratory: engine, registry, Prometheus, images, services
	$(BIN)/python -m tests.lab $(ARGS)

bench: $(READY) ## measure what the README promises
	$(BIN)/python -m benchmarks $(ARGS)

screenshot: $(READY) ## draw the README's picture of the console anew
	$(BIN)/python docs/make_screenshots.py $(ARGS)

recordings: $(READY) ## make the recordings that ship with the program again, on a real engine
	$(BIN)/python -m tests.lab.captures $(ARGS)

wheel: $(READY) ## build the wheel, and prove that it installs into an empty environment and starts
	rm -rf dist .venv-wheel
	$(BIN)/python -m hatchling build -t wheel
	$(PYTHON) -m venv .venv-wheel
	.venv-wheel/bin/python -m pip --disable-pip-version-check install --quiet --require-hashes -r requirements.txt
	.venv-wheel/bin/python -m pip --disable-pip-version-check install --quiet --no-deps --no-index dist/*.whl
	.venv-wheel/bin/python -m pip check
	cd dist && ../.venv-wheel/bin/patchdeck --version
	rm -rf .venv-wheel
	@ls -l dist

UV := .venv-lock/bin/uv
# The bare options keep addresses, settings and paths of the machine out of what is committed.
COMPILE := $(UV) pip compile --quiet --no-config --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-emit-find-links --custom-compile-command 'make lock'

lock: ## resolve the requirements anew (UPGRADE=1 takes newer versions)
	test -x $(UV) || { $(PYTHON) -m venv --clear .venv-lock && .venv-lock/bin/python -m pip install --quiet --require-hashes -r requirements-lock.txt; }
	$(COMPILE) $(if $(UPGRADE),--upgrade) pyproject.toml -o requirements.txt
	$(COMPILE) $(if $(UPGRADE),--upgrade) -c requirements.txt pyproject.toml --group dev -o requirements-dev.txt
	$(COMPILE) $(if $(UPGRADE),--upgrade) --group lock -o requirements-lock.txt

clean: ## remove what these commands made
	rm -rf .venv .venv-wheel .venv-lock dist build .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache .benchmarks
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
