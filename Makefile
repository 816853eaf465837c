# On a fresh machine `make demo` needs Python 3.11 or newer and make, nothing else.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
BENCH_ARGS ?=
TEST_ARGS ?=
LOCK_ARGS ?=

export PIP_DISABLE_PIP_VERSION_CHECK := 1

.DEFAULT_GOAL := help
.PHONY: help setup demo test check lint types imports docs docs-check picture weights lock clean

help: ## say what there is
	@sed -n 's/^\([a-z%-]*\):.*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 20

setup: $(READY) ## build .venv from the lock (done once, and again when the lock changes)

$(READY): requirements.lock pyproject.toml
	@command -v $(PYTHON) >/dev/null || { \
	  echo "make setup: there is no '$(PYTHON)' here; install Python 3.11 or newer, or say which: make setup PYTHON=..." >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "make setup: $$($(PYTHON) --version) is too old; Python 3.11 or newer is needed: make setup PYTHON=python3.11" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
	  echo "make setup: $(PYTHON) comes without venv; install it (Debian, Ubuntu: apt-get install python3-venv)" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

demo: setup ## load the built-in blackout, detect, print the incidents, serve the page
	$(BIN)/outage demo

test: setup ## run every test (TEST_ARGS="-k store")
	$(BIN)/python -m pytest $(TEST_ARGS)

check: lint types imports docs-check ## lint, types, imports and docs

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: setup
	$(BIN)/mypy

imports: setup
	$(BIN)/lint-imports --no-logo

docs-check: setup
	$(BIN)/python -m tools.docs_check
	$(BIN)/python -m tools.pages --check

docs: setup ## write the pages that are made from the code (commands, plugs)
	$(BIN)/python -m tools.pages

picture: setup ## take the picture of the page for the docs (needs Chromium)
	$(BIN)/python -m tools.picture

weights: setup ## learn anew by which words and letters posts are judged (outage/posts/weights-*.tsv)
	$(BIN)/python -m tools.learn_weights

bench-%: setup ## run benchmarks/%.py (BENCH_ARGS="...")
	$(BIN)/python benchmarks/$*.py $(BENCH_ARGS)

lock: ## write requirements.lock anew (needs uv; LOCK_ARGS=--upgrade takes the newest versions)
	@command -v uv >/dev/null || { echo "make lock: uv is not installed; see CONTRIBUTING.md" >&2; exit 1; }
	uv pip compile --quiet $(LOCK_ARGS) --universal --python-version 3.11 --no-header \
	  --no-emit-index-url --no-annotate --generate-hashes --extra dev --extra capture --extra cluster pyproject.toml -o requirements.lock

clean: ## remove what make setup and the tools made
	rm -rf $(VENV) build *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
